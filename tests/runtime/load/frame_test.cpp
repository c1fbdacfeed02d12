// Call frames, writers, configurations and secrets as plugins see them.
#include "folder.hpp"

#include "load/call_frame.hpp"
#include "load/config_view.hpp"
#include "load/host_services.hpp"
#include "load/secret.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <thread>

using namespace jackfield;

TEST_CASE("a failure carries what the plugin said; an empty message keeps what a service said before", "[load][R5]")
{
    CallFrame frame;
    frame.begin("next");
    jf_error first{sizeof first, JF_E_DENIED, str_of("the secret may not be read"), str_of("EACCES"), str_of("password"), 7};
    CHECK(frame.raw()->fail(frame.raw(), &first) == JF_E_DENIED);
    jf_error second{sizeof second, JF_E_UNAVAILABLE, {nullptr, 0}, {nullptr, 0}, {nullptr, 0}, -1};
    CHECK(frame.raw()->fail(frame.raw(), &second) == JF_E_UNAVAILABLE);
    const Error error = frame.error(JF_E_UNAVAILABLE, "source 'x'", "next");
    CHECK(error.kind == JF_E_UNAVAILABLE);
    CHECK(error.message == "the secret may not be read");
    CHECK(error.code == "EACCES");
    CHECK(error.where == "password");
    CHECK(error.retry_after_ns == 7);
}

TEST_CASE("the error of one call does not show in the next", "[load]")
{
    CallFrame frame;
    frame.begin("next");
    frame.note(fail(JF_E_DATA, "old"));
    frame.begin("next");
    CHECK(frame.error(JF_E_UNAVAILABLE, "source 'x'", "next").message == "source 'x': next() failed as 'unavailable' and did not say why");
}

TEST_CASE("an error struct of an older author is read as far as it goes", "[load][R3]")
{
    CallFrame frame;
    frame.begin("next");
    jf_error old{static_cast<std::uint32_t>(offsetof(jf_error, code)), JF_E_DATA, str_of("old but good"), str_of("never read"), str_of("never read"), 5};
    CHECK(frame.raw()->fail(frame.raw(), &old) == JF_E_DATA);
    const Error error = frame.error(JF_E_DATA, "x", "next");
    CHECK(error.message == "old but good");
    CHECK(error.code.empty());
    CHECK(error.retry_after_ns == -1);
}

TEST_CASE("waiting ends at the time, at the deadline and when cancelled", "[load]")
{
    Cancellation cancellation;
    CallFrame frame(&cancellation);
    CHECK(frame.raw()->wait(frame.raw(), 1000) == JF_OK);
    frame.set_deadline_in(1000);
    CHECK(frame.raw()->wait(frame.raw(), INT64_MAX) == JF_E_CANCELLED);
    frame.set_deadline(no_deadline);
    std::thread other([&] { cancellation.cancel(); });
    CHECK(frame.raw()->wait(frame.raw(), INT64_MAX) == JF_E_CANCELLED);
    other.join();
    CHECK(frame.raw()->cancelled(frame.raw()) == 1);
    CHECK(frame.raw()->wait(frame.raw(), 0) == JF_E_CANCELLED);
}

TEST_CASE("a writer takes bytes up to its limit and says which value was too large", "[load][R4]")
{
    std::string text = "old";
    ByteWriter writer(text, 5);
    CHECK(writer.raw()->write(writer.raw(), "abc", 3) == JF_OK);
    CHECK(writer.raw()->write(writer.raw(), nullptr, 0) == JF_OK);
    CHECK(writer.raw()->write(writer.raw(), "de", 2) == JF_OK);
    CHECK(text == "abcde");
    CHECK(writer.check("x", "the position"));
    CHECK(writer.raw()->write(writer.raw(), "f", 1) == JF_E_EXHAUSTED);
    CHECK(text == "abcde");
    CHECK(has(writer.check("source 'x'", "the position").error().message, "source 'x': the position is larger than 5 bytes"));
}

TEST_CASE("a configuration is read by pointer, and its secrets are not in it", "[load][R10]")
{
    const auto value = boost::json::parse(R"({"a": {"b/c": [1, 2.5, "x"]}, "n": 18446744073709551615, "yes": true, "no": null,
        "password": {"secret": "env:P"}, "keys": [{"secret": "env:Q"}, "plain"]})");
    const ConfigView view(value.get_object(), {{"/password", "env:P"}, {"/keys/0", "env:Q"}});
    const jf_config* config = view.raw();
    CHECK_FALSE(has(view_of(config->json), "secret"));
    CHECK(config->type(config, "/password") == JF_JSON_ABSENT);
    CHECK(config->type(config, "/keys/0") == JF_JSON_NULL);
    CHECK(config->type(config, "/no") == JF_JSON_NULL);
    CHECK(config->type(config, "") == JF_JSON_OBJECT);
    CHECK(config->type(config, "/n") == JF_JSON_FLOAT);
    CHECK(config->type(config, "bad pointer") == JF_JSON_ABSENT);
    jf_str text{};
    std::int64_t whole = 0;
    double number = 0;
    std::int32_t truth = 0;
    std::uint64_t length = 0;
    CHECK(config->get_str(config, "/keys/1", &text) == JF_OK);
    CHECK(view_of(text) == "plain");
    CHECK(config->get_i64(config, "/a/b~1c/0", &whole) == JF_OK);
    CHECK(whole == 1);
    CHECK(config->get_i64(config, "/a/b~1c/1", &whole) == JF_E_CONFIG);
    CHECK(config->get_i64(config, "/n", &whole) == JF_E_CONFIG);
    CHECK(config->get_f64(config, "/a/b~1c/0", &number) == JF_OK);
    CHECK(config->get_bool(config, "/yes", &truth) == JF_OK);
    CHECK(truth == 1);
    CHECK(config->get_bool(config, "/none", &truth) == JF_E_NOT_FOUND);
    CHECK(config->get_len(config, "/a/b~1c", &length) == JF_OK);
    CHECK(length == 3);
    CHECK(config->get_key(config, "", 2, &text) == JF_OK);
    CHECK(view_of(text) == "yes");
    CHECK(config->get_key(config, "", 99, &text) == JF_E_NOT_FOUND);
    CHECK(config->get_json(config, "/a", &text) == JF_OK);
    CHECK(view_of(text) == R"({"b/c":[1,2.5E0,"x"]})");
}

TEST_CASE("a secret comes from the environment or a file, and never shows in an error", "[load][secrets]")
{
    const Folder folder;
    setenv("JACKFIELD_TEST_SECRET", "s3cret", 1);
    CHECK(read_secret("env:JACKFIELD_TEST_SECRET")->view() == "s3cret");
    unsetenv("JACKFIELD_TEST_SECRET");
    CHECK(read_secret("env:JACKFIELD_TEST_SECRET").error().kind == JF_E_NOT_FOUND);
    const auto file = folder.write("secret", "p w\n\n");
    chmod(file.c_str(), 0600);
    auto secret = read_secret("file:" + file.string());
    REQUIRE(secret);
    CHECK(secret->view() == "p w\n");
    CHECK(secret->warning.empty());
    chmod(file.c_str(), 0644);
    CHECK(has(read_secret("file:" + file.string())->warning, "chmod 600"));
    CHECK(has(read_secret("file:" + folder.path.string()).error().message, "is a directory"));
    CHECK(read_secret("file:" + file.string() + "x").error().kind == JF_E_NOT_FOUND);
    CHECK_FALSE(has(read_secret("hunter2").error().message, "hunter2"));
}

namespace {

struct Backend : HostBackend {
    std::string masked;
    void mask(std::string_view secret) override { masked = secret; }
};

} // namespace

TEST_CASE("the host hands out a secret after it is masked; absent services are NULL", "[load][secrets]")
{
    setenv("JACKFIELD_TEST_SECRET", "s3cret", 1);
    const auto backend = std::make_shared<Backend>();
    const HostServices services(backend, {{"/password", "env:JACKFIELD_TEST_SECRET"}});
    const jf_host* host = services.raw();
    const auto* secrets = static_cast<const jf_host_secrets*>(host->service(host, JF_HOST_SECRETS));
    REQUIRE(secrets);
    CHECK(host->service(host, JF_HOST_SECRETS) == secrets);
    std::pair<Backend*, std::string> seen{backend.get(), ""};
    const auto use = [](void* argument, jf_bytes secret) -> jf_status {
        auto& out = *static_cast<std::pair<Backend*, std::string>*>(argument);
        out.second = out.first->masked == view_of(secret) ? std::string(view_of(secret)) : "not masked";
        return JF_IDLE;
    };
    CHECK(secrets->with_secret(host, nullptr, "/password", use, &seen) == JF_IDLE);
    CHECK(seen.second == "s3cret");
    CHECK(secrets->with_secret(host, nullptr, "/other", use, &seen) == JF_E_CONFIG);
    unsetenv("JACKFIELD_TEST_SECRET");
    CallFrame frame;
    frame.begin("open");
    CHECK(secrets->with_secret(host, frame.raw(), "/password", use, &seen) == JF_E_NOT_FOUND);
    CHECK(has(frame.error(JF_E_NOT_FOUND, "x", "open").message, "JACKFIELD_TEST_SECRET"));
    CHECK(host->service(host, JF_HOST_STATE) == nullptr);
    CHECK(host->service(host, JF_HOST_QUERY) == nullptr);
    CHECK(host->service(host, "jf.host.tea/0") == nullptr);
    CHECK(host->service(host, nullptr) == nullptr);
    const auto* buffers = static_cast<const jf_host_buffer*>(host->service(host, JF_HOST_BUFFER));
    void* buffer = buffers->alloc(host, 100);
    CHECK(reinterpret_cast<std::uintptr_t>(buffer) % 64 == 0);
    buffers->free(buffer);
    CHECK(buffers->alloc(host, SIZE_MAX) == nullptr);
}
