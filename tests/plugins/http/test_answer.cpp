// Addresses, headers, content codings.
#include "answer.hpp"
#include "exchange.hpp"

#include <catch2/catch.hpp>

#include <zlib.h>
#include <zstd.h>

using namespace jackfield;
using namespace jackfield::http;

namespace {

Answer with_links(std::vector<std::string> links)
{
    Answer out;
    for (std::string& link : links)
        out.headers.emplace_back("link", std::move(link));
    return out;
}

std::string gzipped(const std::string& text)
{
    std::string out(compressBound(text.size()) + 64, '\0');
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string zstd_packed(const std::string& text)
{
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

} // namespace

TEST_CASE("an address is taken apart by the parser that asks for it")
{
    const auto url = Url::parse("HTTPS://API.Example.com/v1?a=b#part");
    REQUIRE(url);
    CHECK(url->host() == "api.example.com");
    CHECK(url->origin() == "https://api.example.com:443");
    CHECK(url->shown().find('?') == std::string::npos);
    CHECK(url->text().find('#') == std::string::npos);
    CHECK(url->secure());
    for (const char* bad : {"", "example.com:x", "ftp://example.com", "http://ada:pw@example.com", "http://ada@example.com", "file:///etc/passwd", "http://", "http://a b/"})
        CHECK_FALSE(Url::parse(bad));
}

TEST_CASE("an address leads on to relative and whole ones")
{
    const Url url = Url::parse("http://h/a/b?x=1").value();
    CHECK(url.resolve("c?y=2")->text() == "http://h/a/c?y=2");
    CHECK(url.resolve("/c")->text() == "http://h/c");
    CHECK(url.resolve("?p=2")->text() == "http://h/a/b?p=2");
    CHECK(url.resolve("https://other/z")->host() == "other");
    CHECK_FALSE(url.resolve("file:///etc/passwd"));
    CHECK_FALSE(url.resolve("http://ada:pw@h/"));
}

TEST_CASE("paths and parameters are added to an address")
{
    const Url url = Url::parse("http://h/v1/").value();
    CHECK(url.below("orders")->text() == "http://h/v1/orders");
    CHECK(url.below("/orders?a=1")->text() == "http://h/v1/orders?a=1");
    CHECK(url.below("")->text() == "http://h/v1/");
    CHECK(url.with("q", "a b&c=d/ü").text() == "http://h/v1/?q=a%20b%26c%3Dd%2F%C3%BC");
    CHECK(url.with("a", "1").with("b", "2").text() == "http://h/v1/?a=1&b=2");
    CHECK(Url::parse("http://h/v1?key=1")->below("/x?a=2")->text() == "http://h/v1/x?a=2&key=1");
    CHECK_FALSE(url.below("http://other/"));
}

TEST_CASE("the next link is found among others")
{
    CHECK(next_link(with_links({R"(<http://h/2>; rel="next")"})) == "http://h/2");
    CHECK(next_link(with_links({R"(</1>; rel=first, </3>; title="a, \"b\"; rel=next"; rel="last NEXT")"})) == "/3");
    CHECK(next_link(with_links({"</1>; rel=prev", "</2>;rel=next"})) == "/2");
    CHECK(next_link(with_links({R"(</a,b;c>; REL = next)"})) == "/a,b;c");
    CHECK_FALSE(next_link(with_links({R"(</1>; rel="nextish")"})));
    CHECK_FALSE(next_link(with_links({R"(</1>; title="rel=next")"})));
    CHECK_FALSE(next_link(with_links({R"(</1>; rel="prev"; rel="next")"})));
    CHECK_FALSE(next_link(with_links({"<", "<>", ">;rel=next", "", "</1", R"(</1>; rel=")"})));
}

TEST_CASE("Retry-After is seconds or a date")
{
    CHECK(retry_after_ns("120", 0) == 120'000'000'000);
    CHECK(retry_after_ns(" 0 ", 0) == 0);
    CHECK(retry_after_ns("Thu, 01 Jan 1970 00:01:40 GMT", 40) == 60'000'000'000);
    CHECK(retry_after_ns("Thu, 01 Jan 1970 00:01:40 GMT", 1000) == 0);
    CHECK(retry_after_ns("99999999999", 0) == std::int64_t{366} * 86'400 * 1'000'000'000);
    CHECK_FALSE(retry_after_ns("soon", 0));
    CHECK_FALSE(retry_after_ns("-5", 0));
    CHECK_FALSE(retry_after_ns("", 0));
}

TEST_CASE("packed bodies are unpacked within bounds")
{
    const std::string text(100'000, 'x');
    CHECK(decoded_body(gzipped(text), "gzip", 100'000).value() == text);
    CHECK(decoded_body(zstd_packed(text), "zstd", 100'000).value() == text);
    CHECK(decoded_body(gzipped(zstd_packed(text)), "zstd, GZIP", 100'000).value() == text);
    CHECK(decoded_body(gzipped(text) + gzipped("y"), "gzip", 100'001).value() == text + "y");
    CHECK(decoded_body(text, "identity", 1).value() == text);
    CHECK(decoded_body(gzipped(text), "gzip", 99'999).error().kind == JF_E_DATA);
    CHECK(decoded_body(zstd_packed(text), "zstd", 99'999).error().kind == JF_E_DATA);
    CHECK(decoded_body("x", "br", 10).error().kind == JF_E_DATA);
    CHECK(decoded_body("x", "gzip,gzip,gzip,gzip,gzip", 10).error().kind == JF_E_DATA);
}

TEST_CASE("a packed body that was cut off is no shorter body")
{
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += std::to_string(i * 7919);
    const std::string gzip = gzipped(text), zstd = zstd_packed(text);
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{10}, gzip.size() / 2, gzip.size() - 1})
        CHECK(decoded_body(gzip.substr(0, cut), "gzip", 10 << 20).error().kind == JF_E_UNAVAILABLE);
    for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, zstd.size() / 2, zstd.size() - 1})
        CHECK(decoded_body(zstd.substr(0, cut), "zstd", 10 << 20).error().kind == JF_E_UNAVAILABLE);
    std::string damaged = gzip;
    damaged[gzip.size() / 2] ^= 0x55;
    CHECK(decoded_body(damaged, "gzip", 10 << 20).error().kind == JF_E_UNAVAILABLE);
}

TEST_CASE("what an error says is one line without markup and secrets")
{
    Answer answer;
    answer.body = "<html><b>No</b>\n\n access for\ttoken hush-hush</html>";
    CHECK(said(answer, {"hush-hush"}) == "No access for token ***");
    answer.body = std::string(10'000, 'a');
    CHECK(said(answer, {}).size() < 200);
    answer.body.clear();
    CHECK(said(answer, {}).empty());
}

TEST_CASE("statuses have the classes that decide about trying again")
{
    for (const int status : {408, 425, 429, 500, 502, 503, 504, 599})
        CHECK((worth_repeating(status) && class_of(status) == JF_E_UNAVAILABLE));
    for (const int status : {400, 405, 422, 501, 505})
        CHECK((!worth_repeating(status) && class_of(status) == JF_E_CONFIG));
    CHECK(class_of(401) == JF_E_UNAUTHENTICATED);
    CHECK(class_of(403) == JF_E_DENIED);
    CHECK(class_of(404) == JF_E_NOT_FOUND);
    CHECK(class_of(302) == JF_E_DATA);
}

TEST_CASE("base64 is as RFC 4648 has it")
{
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar\xff") == "Zm9vYmFy/w==");
}
