// What goes wrong with files: each gets one sentence and the right class.
#include "conformance.hpp"
#include "scratch.hpp"

#include <csignal>
#include <fstream>
#include <functional>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace jackfield;
using namespace jackfield::store;

namespace {

/// Runs `body` in a process of its own and returns what it returns, since it changes what the process may do.
std::string in_child(const std::function<std::string()>& body)
{
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
        const std::string answer = body();
        (void)!write(ends[1], answer.data(), answer.size());
        _exit(0);
    }
    close(ends[1]);
    std::string answer;
    char buffer[4096];
    for (ssize_t got = read(ends[0], buffer, sizeof buffer); got > 0; got = read(ends[0], buffer, sizeof buffer))
        answer.append(buffer, static_cast<std::size_t>(got));
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return answer;
}

template <class T>
std::string told(const Result<T>& result)
{
    return result ? "no error" : std::to_string(result.error().kind) + " " + result.error().message;
}

void exec(const std::string& file, const char* sql)
{
    sqlite3* handle = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &handle) == SQLITE_OK);
    REQUIRE(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    sqlite3_close(handle);
}

} // namespace

TEST_CASE("a directory, a missing directory and a file of another kind are told apart", "[store][errors]")
{
    Scratch scratch;
    CHECK(told(open_sqlite(scratch.path.string())) == "-2 state file '" + scratch.path.string() + "' is a directory; name a file");
    const std::string missing = scratch.file("none/state.db");
    CHECK(told(open_sqlite(missing)) ==
          "-6 state file '" + missing + "' cannot be made (No such file or directory); make its directory first");
    const std::string text = scratch.file("notes.txt");
    std::ofstream(text) << std::string(5000, 'x');
    CHECK(told(open_sqlite(text)) == "-7 state file '" + text + "' is damaged or no state file (file is not a database); "
                                     "move it away and run again, or restore a copy");
    CHECK(std::filesystem::file_size(text) == 5000);
    const std::string foreign = scratch.file("foreign.db");
    exec(foreign, "CREATE TABLE customers(id)");
    CHECK(told(open_sqlite(foreign)) ==
          "-7 '" + foreign + "' is another program's database and no state file; name another file");
}

TEST_CASE("a file of a newer version is refused and left alone", "[store][errors]")
{
    Scratch scratch;
    need(open_sqlite(scratch.file()));
    exec(scratch.file(), "INSERT INTO schema_version VALUES (999, 0)");
    CHECK(told(open_sqlite(scratch.file())) ==
          "-2 state file '" + scratch.file() + "' has format 999 and this version reads up to 2; use the newer jackfield "
          "or name another state file");
}

TEST_CASE("a read-only file and a read-only directory are denied", "[store][errors]")
{
    Scratch scratch;
    need(open_sqlite(scratch.file()));
    const auto as_nobody = [&] {
        return in_child([&]() -> std::string {
            if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
                return "cannot become nobody";
            return told(open_sqlite(scratch.file()));
        });
    };
    std::filesystem::permissions(scratch.path, std::filesystem::perms(0755));
    std::filesystem::permissions(scratch.file(), std::filesystem::perms(0444));
    CHECK(as_nobody() == "-5 state file '" + scratch.file() + "' cannot be written (Permission denied); allow writing to it "
                         "and to its directory, or name another state file");
    std::filesystem::permissions(scratch.file(), std::filesystem::perms(0666));
    std::filesystem::permissions(scratch.path, std::filesystem::perms(0555));
    const std::string directory = as_nobody();
    CHECK(directory.substr(0, 3) == "-5 ");
    CHECK(directory.find("allow writing to it and to its directory") != std::string::npos);
    std::filesystem::permissions(scratch.path, std::filesystem::perms(0755));
}

TEST_CASE("a full disk is told in one sentence, and what was committed stays", "[store][errors]")
{
    Scratch scratch;
    const std::string answer = in_child([&]() -> std::string {
        auto store = open_sqlite(scratch.file());
        if (!store)
            return told(store);
        Status first = (*store)->set_component_state("a", "k", "kept");
        if (!first)
            return told(first);
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{400'000, 400'000};
        setrlimit(RLIMIT_FSIZE, &limit);
        for (int count = 0; count < 100; ++count)
            if (Status full = (*store)->set_component_state("a", std::to_string(count), Bytes(100'000, 'x')); !full)
                return told(full);
        return "never full";
    });
    INFO(answer);
    CHECK(answer.substr(0, 4) == "-11 ");
    CHECK(answer.find("cannot grow") != std::string::npos);
    CHECK(answer.find("free some space") != std::string::npos);
    CHECK(need(need(open_sqlite(scratch.file()))->component_state("a", "k")) == "kept");
}

TEST_CASE("a file that another process has locked is unavailable, not broken", "[store][errors]")
{
    Scratch scratch;
    auto store = need(open_sqlite(scratch.file(), {50'000'000}));
    sqlite3* other = nullptr;
    REQUIRE(sqlite3_open(scratch.file().c_str(), &other) == SQLITE_OK);
    REQUIRE(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr) == SQLITE_OK);
    const Status locked = store->set_component_state("a", "k", "v");
    CHECK(told(locked) == "-8 state file '" + scratch.file() + "' is locked by another process; try again when that is done");
    need(store->component_state("a", "k")); // reading goes on
    sqlite3_exec(other, "COMMIT", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    need(store->set_component_state("a", "k", "v"));
}

TEST_CASE("a damaged file is bad data, whatever byte was hit", "[store][errors]")
{
    Scratch scratch;
    {
        auto store = need(open_sqlite(scratch.file()));
        const Run run = running(*store, "damaged");
        for (int line = 0; line < 200; ++line)
            need(store->change({LogLine{0, run.id, "", "", 0, 1, 1, std::string(500, 'x'), ""}}, Commit::queued));
    }
    const auto size = std::filesystem::file_size(scratch.file());
    std::ifstream whole(scratch.file(), std::ios::binary);
    std::string bytes(size, '\0');
    whole.read(bytes.data(), static_cast<std::streamsize>(size));
    int damaged = 0;
    for (std::size_t page = 0; page < size; page += 4096) {
        std::string broken = bytes;
        broken.replace(page, 100, 100, '\xee');
        const std::string name = scratch.file("broken.db");
        for (const char* suffix : {"", "-wal", "-shm"})
            std::filesystem::remove(name + suffix);
        std::ofstream(name, std::ios::binary) << broken;
        auto store = open_sqlite(name);
        if (!store) {
            CHECK(store.error().kind == JF_E_DATA);
            ++damaged;
            continue;
        }
        const auto runs = (*store)->runs({});
        if (!runs) {
            CHECK(runs.error().kind == JF_E_DATA);
            ++damaged;
            continue;
        }
        for (const Run& run : *runs) {
            LogFilter filter;
            filter.limit = 1000;
            for (const jf_status status : {kind((*store)->logs(run.id, filter)), kind((*store)->tasks(run.id)),
                                           kind((*store)->transitions(run.id, 0, 100)), kind((*store)->prune({}))}) {
                CHECK((status == JF_OK || status == JF_E_DATA || status == JF_E_NOT_FOUND || status == JF_E_FAILED));
                damaged += status == JF_E_DATA;
            }
        }
    }
    CHECK(damaged > 3);
}
