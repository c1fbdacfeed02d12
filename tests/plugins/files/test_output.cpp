// Outputs: what is committed stays, what is not goes, and older writers are kept out.
#include "output.hpp"
#include "support.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <csignal>

using namespace jackfield;
using namespace jackfield::files;
using namespace jackfield::files::test;

namespace {

const Schema columns{{"id", Type::int64}, {"name", Type::utf8}};

OwnedArray rows_of(std::int64_t from, std::int64_t count)
{
    Rows rows(columns);
    for (std::int64_t i = from; i < from + count; ++i)
        rows.add(i, "n" + std::to_string(i));
    return rows.finish().value();
}

OutputOptions options_of(const std::string& path, Format format = Format::ndjson, bool replace = false, Compression compression = Compression::none)
{
    OutputOptions out;
    out.path = path;
    out.format = format;
    out.replace = replace;
    out.compression = compression;
    return out;
}

LedgerEntry owner(const std::string& generation = "g1")
{
    LedgerEntry out;
    out.flow = "flow";
    out.task = "task";
    out.generation = generation;
    return out;
}

/// A writer that has taken partition "p" over.
struct Writer {
    explicit Writer(const OutputOptions& options, const std::string& generation = "g1", bool fresh = false) : output(options, owner(generation), fresh, {})
    {
        fence = output.acquire("", "p", token).value();
        if (auto set = output.set_schema(columns); !set) FAIL(set.error().message);
    }
    Status commit(const std::string& position, bool final = false) { return output.commit({{"", "p", position, fence}}, final); }

    Output output;
    std::optional<std::string> token;
    std::uint64_t fence = 0;
};

const std::string row0 = "{\"id\":0,\"name\":\"n0\"}\n", row1 = "{\"id\":1,\"name\":\"n1\"}\n";

} // namespace

TEST_CASE("a file goes on behind its last commit, with the token that was committed")
{
    const Directory directory;
    const std::string path = directory / "out.ndjson";
    {
        Writer first(options_of(path));
        CHECK_FALSE(first.token);
        REQUIRE(first.output.write(rows_of(0, 1)));
        REQUIRE(first.commit("one"));
        REQUIRE(first.output.write(rows_of(100, 200000))); // more than the buffer, and never committed
    }
    Writer second(options_of(path));
    CHECK(second.token == "one");
    REQUIRE(second.output.write(rows_of(1, 1)));
    REQUIRE(second.commit("two", true));
    CHECK(read_file(path) == row0 + row1);
}

TEST_CASE("an aborted epoch leaves nothing behind")
{
    const Directory directory;
    const std::string path = directory / "out.ndjson";
    Writer writer(options_of(path));
    REQUIRE(writer.output.write(rows_of(0, 1)));
    REQUIRE(writer.commit("one"));
    REQUIRE(writer.output.write(rows_of(5, 200000)));
    REQUIRE(writer.output.abort());
    CHECK(read_file(path) == row0);
    REQUIRE(writer.output.write(rows_of(1, 1)));
    REQUIRE(writer.commit("two"));
    REQUIRE(writer.commit("two")); // repeated: changes nothing
    CHECK(read_file(path) == row0 + row1);
}

TEST_CASE("a writer that another has taken over from is fenced, in the middle of an epoch and at its commit")
{
    const Directory directory;
    const std::string path = directory / "out.ndjson";
    Writer zombie(options_of(path));
    REQUIRE(zombie.output.write(rows_of(0, 1)));
    Writer heir(options_of(path));
    CHECK(heir.fence > zombie.fence);
    CHECK(zombie.commit("late").error().kind == JF_E_FENCED);
    CHECK(zombie.output.write(rows_of(0, 200000)).error().kind == JF_E_FENCED);
    REQUIRE(heir.output.write(rows_of(1, 1)));
    REQUIRE(heir.commit("one"));
    CHECK(read_file(path) == row1);
}

TEST_CASE("appending keeps what was there before, and a new generation starts without a token")
{
    const Directory directory;
    const std::string path = directory / "out.ndjson";
    write_file(path, "{\"old\":1}\n");
    {
        Writer writer(options_of(path));
        REQUIRE(writer.output.write(rows_of(0, 1)));
        REQUIRE(writer.commit("end", true));
    }
    Writer next(options_of(path), "g2", true);
    CHECK_FALSE(next.token);
    REQUIRE(next.output.write(rows_of(1, 1)));
    REQUIRE(next.commit("end", true));
    CHECK(read_file(path) == "{\"old\":1}\n" + row0 + row1);
}

TEST_CASE("a replaced file changes at the final commit only, and a killed replacement goes on")
{
    const Directory directory;
    const std::string path = directory / "out.json";
    write_file(path, "old");
    const OutputOptions options = options_of(path, Format::json, true);
    {
        Writer writer(options, "g1", true);
        REQUIRE(writer.output.write(rows_of(0, 1)));
        REQUIRE(writer.commit("one"));
        CHECK(read_file(path) == "old");
    }
    {
        Writer writer(options, "g1");
        CHECK(writer.token == "one");
        REQUIRE(writer.output.write(rows_of(1, 1)));
        REQUIRE(writer.commit("two", true));
        CHECK(read_file(path) == "[\n{\"id\":0,\"name\":\"n0\"},\n{\"id\":1,\"name\":\"n1\"}\n]\n");
    }
    Writer again(options, "g1"); // the host did not hear of the commit
    CHECK(again.token == "two");
    REQUIRE(again.commit("two", true));
    Writer empty(options, "g2", true);
    CHECK_FALSE(empty.token);
    REQUIRE(empty.commit("none", true));
    CHECK(read_file(path) == "[\n]\n");
}

TEST_CASE("a directory gets one part per epoch, whole or not at all")
{
    const Directory directory;
    const std::string path = directory / "parts/";
    {
        Writer writer(options_of(path));
        REQUIRE(writer.output.write(rows_of(0, 1)));
        REQUIRE(writer.commit("one"));
        REQUIRE(writer.commit("moved")); // no rows: no part
        REQUIRE(writer.output.write(rows_of(1, 1)));
        REQUIRE(writer.commit("two"));
        REQUIRE(writer.output.write(rows_of(2, 1)));
    }
    Lines parts;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        if (entry.path().filename().string().substr(0, 5) == "part-")
            parts.push_back(entry.path());
    std::sort(parts.begin(), parts.end());
    REQUIRE(parts.size() == 2);
    CHECK(read_file(parts[0]) == row0);
    CHECK(read_file(parts[1]) == row1);
    CHECK(Writer(options_of(path)).token == "two");
}

TEST_CASE("each epoch is a gzip member or zstd frame of its own")
{
    for (const Compression compression : {Compression::gzip, Compression::zstd}) {
        const Directory directory;
        const std::string path = directory / "out.csv.packed";
        {
            Writer writer(options_of(path, Format::csv, false, compression));
            REQUIRE(writer.output.write(rows_of(0, 1)));
            REQUIRE(writer.commit("one"));
            REQUIRE(writer.output.write(rows_of(7, 1)));
        }
        Writer writer(options_of(path, Format::csv, false, compression));
        REQUIRE(writer.output.write(rows_of(1, 1)));
        REQUIRE(writer.commit("two", true));
        auto input = make_input(open_for_reading(path).value(), path, compression, {});
        CsvDecoder decoder(std::make_unique<Window>(std::move(*input), 1 << 20), {}, path);
        CHECK(drain(decoder).rows == Lines{R"({"id":0,"name":"n0"})", R"({"id":1,"name":"n1"})"});
        const std::string whole = read_file(path);
        write_file(path, whole.substr(0, whole.size() - 3));
        auto cut = make_input(open_for_reading(path).value(), path, compression, {});
        CsvDecoder short_decoder(std::make_unique<Window>(std::move(*cut), 1 << 20), {}, path);
        CHECK(drain(short_decoder).error.find("was cut off") != std::string::npos);
    }
}

TEST_CASE("a Parquet file and a directory of them are written and counted")
{
    const Directory directory;
    Writer writer(options_of(directory / "out.parquet", Format::parquet, true), "g1", true);
    REQUIRE(writer.output.write(rows_of(0, 1000)));
    REQUIRE(writer.commit("end", true));
    CHECK(read_file(directory / "out.parquet").substr(0, 4) == "PAR1");
    Writer parts(options_of(directory / "parts/", Format::parquet));
    REQUIRE(parts.output.write(rows_of(0, 10)));
    REQUIRE(parts.commit("one"));
    REQUIRE(parts.output.write(rows_of(10, 10)));
    REQUIRE(parts.commit("two"));
}

TEST_CASE("a directory in place of a file, a missing directory and a damaged ledger are one sentence each")
{
    const Directory directory;
    std::filesystem::create_directory(directory / "folder");
    std::optional<std::string> token;
    CHECK(Output(options_of(directory / "folder"), owner(), false, {}).acquire("", "", token).error().message.find("is a directory") != std::string::npos);
    CHECK(Output(options_of(directory / "no/out.csv"), owner(), false, {}).acquire("", "", token).error().kind == JF_E_NOT_FOUND);
    write_file(directory / "x.ndjson.jackfield", "nonsense");
    CHECK(Output(options_of(directory / "x.ndjson"), owner(), false, {}).acquire("", "", token).error().message.find("is damaged") != std::string::npos);
    write_file(directory / "cut.ndjson", "");
    Ledger ledger;
    ledger.length = 10;
    REQUIRE(ledger.save(directory / "cut.ndjson.jackfield"));
    CHECK(Output(options_of(directory / "cut.ndjson"), owner(), false, {}).acquire("", "", token).error().message.find("somebody cut it") != std::string::npos);
}

TEST_CASE("when the disk takes no more, the last good epoch stays whole")
{
    const Directory directory;
    const std::string path = directory / "out.ndjson";
    Writer writer(options_of(path));
    REQUIRE(writer.output.write(rows_of(0, 1)));
    REQUIRE(writer.commit("one"));
    rlimit before{};
    ::getrlimit(RLIMIT_FSIZE, &before);
    const rlimit small{64 << 10, before.rlim_max};
    ::signal(SIGXFSZ, SIG_IGN);
    ::setrlimit(RLIMIT_FSIZE, &small);
    const Status full = writer.output.write(rows_of(1, 200000));
    ::setrlimit(RLIMIT_FSIZE, &before);
    REQUIRE_FALSE(full);
    CHECK(full.error().kind == JF_E_EXHAUSTED);
    REQUIRE(writer.output.abort());
    CHECK(read_file(path) == row0);
}
