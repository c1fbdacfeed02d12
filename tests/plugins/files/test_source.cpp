// The source: files, patterns, positions.
#include "source.hpp"
#include "support.hpp"

#include <catch2/catch.hpp>

#include <zlib.h>

using namespace jackfield;
using namespace jackfield::files;
using namespace jackfield::files::test;

namespace {

InputSettings settings_of(const std::string& path, Format format = Format::csv)
{
    InputSettings out;
    out.path = path;
    out.format = format;
    out.json.lines = format == Format::ndjson;
    return out;
}

/// Rows as JSON from one reader, with the position after each batch.
struct Read {
    Lines rows, positions;
    std::string error;
    jf_status kind = JF_OK;
};

Read read_all(FileSource& source, std::uint64_t batch, const std::string& from = "", const std::string& until = "", const std::string& partition = "")
{
    const sdk::Call call(nullptr);
    Read out;
    auto reader = source.open(call, {.scope = {}, .partition = partition, .from = from, .until = until});
    const auto failed = [&](const Error& error) {
        out.error = error.message;
        out.kind = error.kind;
        return out;
    };
    if (!reader)
        return failed(reader.error());
    auto schema = (*reader)->schema(call);
    if (!schema)
        return failed(schema.error());
    JsonRows json(*schema);
    for (;;) {
        sdk::BatchOut made;
        auto next = (*reader)->next(call, {batch, 1 << 20}, made);
        if (!next)
            return failed(next.error());
        if (*next == sdk::Next::end)
            return out;
        json.bind(*made.array);
        for (std::int64_t row = 0; row < made.array->length; ++row)
            out.rows.push_back(json.text(row));
        out.positions.push_back(made.position.bytes);
    }
}

std::string gzip(const std::string& text)
{
    std::string out(text.size() + 200, '\0');
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

std::string numbers(int from, int to)
{
    std::string out;
    for (int i = from; i < to; ++i)
        out += std::to_string(i) + ",\"v\n" + std::to_string(i) + "\"\n";
    return out;
}

/// From every position the rest, and up to every position the beginning.
void check_positions(const InputSettings& settings, std::uint64_t batch)
{
    FileSource source(settings);
    const Read whole = read_all(source, batch);
    REQUIRE(whole.error == "");
    REQUIRE(whole.positions.size() > 3);
    std::size_t seen = 0;
    for (std::size_t i = 0; i < whole.positions.size(); ++i) {
        FileSource again(settings);
        const Read before = read_all(again, batch + 3, "", whole.positions[i]);
        const Read after = read_all(again, batch, whole.positions[i]);
        REQUIRE(before.error + after.error == "");
        seen = before.rows.size();
        REQUIRE(Lines(whole.rows.begin(), whole.rows.begin() + static_cast<std::ptrdiff_t>(seen)) == before.rows);
        REQUIRE(Lines(whole.rows.begin() + static_cast<std::ptrdiff_t>(seen), whole.rows.end()) == after.rows);
    }
    CHECK(seen == whole.rows.size());
}

} // namespace

TEST_CASE("reading goes on from each position and stops at each position exactly")
{
    const Directory directory;
    write_file(directory / "a.csv", "id,s\n" + numbers(0, 50));
    check_positions(settings_of(directory / "a.csv"), 7);
    write_file(directory / "last.csv", "id,s\n" + numbers(0, 20) + "20,x"); // no line end
    check_positions(settings_of(directory / "last.csv"), 6);
    std::string lines, array = "[";
    for (int i = 0; i < 40; ++i) {
        lines += "{\"i\":" + std::to_string(i) + "}\n";
        array += (i ? ",\n" : "") + std::string("{\"i\":") + std::to_string(i) + "}";
    }
    write_file(directory / "a.ndjson", lines);
    check_positions(settings_of(directory / "a.ndjson", Format::ndjson), 9);
    write_file(directory / "a.json", array + "]\n");
    check_positions(settings_of(directory / "a.json", Format::json), 9);
    InputSettings packed = settings_of(directory / "a.csv.gz");
    packed.compression = Compression::gzip;
    write_file(packed.path, gzip("id,s\n" + numbers(0, 20)) + gzip(numbers(20, 33)) + gzip(numbers(33, 50)));
    check_positions(packed, 4);
    InputSettings sequence = settings_of(directory / "part-*.csv");
    sequence.sequence = true;
    write_file(directory / "part-2.csv", "id,s\n" + numbers(30, 50));
    write_file(directory / "part-1.csv", "id,s\n" + numbers(0, 30));
    check_positions(sequence, 11);
}

TEST_CASE("a file that has grown is gone on with; one that was changed is refused with the remedy")
{
    const Directory directory;
    const std::string path = directory / "a.csv";
    write_file(path, "id,s\n" + numbers(0, 10));
    FileSource source(settings_of(path));
    const std::string end = read_all(source, 100).positions.back();
    write_file(path, numbers(10, 12), true);
    CHECK(read_all(source, 100, end).rows == Lines{R"({"id":10,"s":"v\n10"})", R"({"id":11,"s":"v\n11"})"});
    for (const std::string& text : {"id,s\n" + numbers(0, 5), "id,t\n" + numbers(0, 20)}) {
        write_file(path, text); // in place: shorter, or with another beginning
        CHECK(read_all(source, 100, end).kind == JF_E_POSITION);
    }
    write_file(directory / "new.csv", "id,s\n" + numbers(0, 10));
    std::filesystem::rename(directory / "new.csv", path);
    const Read replaced = read_all(source, 100, end);
    CHECK(replaced.kind == JF_E_POSITION);
    CHECK(replaced.error.find("jackfield reset") != std::string::npos);
}

TEST_CASE("the files of a pattern are partitions, and must have the same columns")
{
    const Directory directory;
    write_file(directory / "b.csv", "x\n2\n");
    write_file(directory / "a.csv", "x\n1\n");
    FileSource source(settings_of(directory / "*.csv"));
    const sdk::Call call(nullptr);
    CHECK(source.partitions(call).value() == Lines{directory / "a.csv", directory / "b.csv"});
    CHECK(read_all(source, 10, "", "", directory / "b.csv").rows == Lines{R"({"x":2})"});
    write_file(directory / "c.csv", "y\n3\n");
    CHECK(read_all(source, 10, "", "", directory / "c.csv").error.find("'y' here and 'x' in the first file") != std::string::npos);
    FileSource none(settings_of(directory / "*.tsv"));
    CHECK(none.partitions(call).error().message.find("in " + directory.path() + "/: a.csv, b.csv, c.csv") != std::string::npos);
}

TEST_CASE("a missing file, a directory and a file without permission are one sentence each")
{
    const Directory directory;
    FileSource missing(settings_of(directory / "none.csv"));
    CHECK(read_all(missing, 1).kind == JF_E_NOT_FOUND);
    FileSource folder(settings_of(directory.path()));
    CHECK(read_all(folder, 1).error.find("is a directory where a file is expected") != std::string::npos);
    CHECK(missing.check(sdk::Call(nullptr)).value().find("there is no file") != std::string::npos);
}

TEST_CASE("positions of format 1 are read for ever")
{
    Mark mark;
    mark.path = "orders.csv";
    mark.file.device = 1;
    mark.file.inode = 2;
    mark.file.size = 3;
    mark.file.head_digest = 4;
    mark.file.head_size = 5;
    mark.offset = 6;
    mark.line = 7;
    mark.member = {8, 9};
    mark.tail_size = 10;
    mark.tail_digest = 11;
    std::string golden(1, '\1');
    for (const int number : {1, 2, 3, 4, 6, 7, 8, 9, 11})
        golden += std::string(1, static_cast<char>(number)) + std::string(7, '\0');
    golden += std::string("\5\0\0\0\12\0\0\0\12\0\0\0\0\0\0\0", 16) + "orders.csv";
    CHECK(mark.bytes() == golden);
    const auto read = Mark::parse(golden);
    REQUIRE(read);
    CHECK(read->bytes() == golden);
    CHECK(Mark::parse("\2" + golden.substr(1)).error().kind == JF_E_POSITION);
    CHECK(Mark::parse(golden.substr(0, 50)).error().kind == JF_E_POSITION);
    CHECK(Mark::parse(golden.substr(0, golden.size() - 1)).error().kind == JF_E_POSITION);
}

TEST_CASE("Parquet is read from each position on")
{
    const Directory directory;
    OutputOptions options;
    options.path = directory / "a.parquet";
    options.format = Format::parquet;
    options.replace = true;
    const Schema columns{{"id", Type::int64}};
    {
        Output output(options, {}, true, {});
        REQUIRE(output.set_schema(columns));
        Rows rows(columns);
        for (std::int64_t i = 0; i < 5000; ++i)
            rows.add(i);
        REQUIRE(output.write(rows.finish().value()));
        REQUIRE(output.commit({}, true));
    }
    check_positions(settings_of(options.path, Format::parquet), 999);
}
