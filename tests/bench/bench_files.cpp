// Text in memory decoded on one thread, and test data. tests/bench/goals say what is compared.
//   bench_files make csv|ndjson|wide ROWS FILE|- [WIDTH]     writes rows; wide: one column of WIDTH bytes
//   bench_files csv|ndjson|ndjson-text|walk|walk-lines FILE  prints seconds of processor time: the second reading
#include "support/decode/csv.hpp"
#include "support/decode/json.hpp"

#include <simdjson.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace jackfield;
using namespace jackfield::files;

namespace {

[[noreturn]] void give_up(const std::string& why)
{
    std::fprintf(stderr, "bench_files: %s\n", why.c_str());
    std::exit(2);
}

// ---- making rows ---------------------------------------------------------------------------------------------------

/// The same numbers on every machine.
std::uint64_t next(std::uint64_t& state)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

unsigned part(std::uint64_t bits, unsigned shift, unsigned below) { return static_cast<unsigned>(bits >> shift) % below; }

/// id bigint, grp int, name of 20 characters, amount decimal(12,2), ts timestamp with an offset: 67 bytes.
int csv_row(char* line, std::size_t size, std::size_t i, std::uint64_t bits)
{
    char name[21] = {};
    for (int c = 0; c < 20; ++c)
        name[c] = static_cast<char>('a' + (bits >> c) % 26);
    return std::snprintf(line, size, "%zu,%u,%s,%u.%02u,2024-%02u-%02u %02zu:%02zu:%02zu+00\n", i, static_cast<unsigned>(bits >> 50), name,
        part(bits, 44, 100000), part(bits, 20, 100), 1 + part(bits, 0, 12), 1 + part(bits, 8, 28), i / 3600 % 24, i / 60 % 60, i % 60);
}

/// 9 fields in about 200 bytes.
int ndjson_row(char* line, std::size_t size, std::size_t i, std::uint64_t bits)
{
    return std::snprintf(line, size,
        "{\"id\":%zu,\"ts\":\"2024-03-%02uT%02zu:%02zu:%02zu.%03uZ\",\"user\":\"user%06u\",\"kind\":\"%s\",\"price\":%u.%02u,\"count\":%u,\"ok\":%s,"
        "\"path\":\"/shop/item/%08x/detail\",\"agent\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko/2010\"}\n",
        i, 1 + part(bits, 0, 28), i / 3600 % 24, i / 60 % 60, i % 60, part(bits, 10, 1000), part(bits, 20, 1000000), (bits & 1) ? "purchase" : "view",
        part(bits, 30, 10000), part(bits, 5, 100), part(bits, 50, 20), (bits & 2) ? "true" : "false", static_cast<unsigned>(bits));
}

int make(const std::string& what, std::size_t rows, const std::string& file, std::size_t width)
{
    std::FILE* const out = file == "-" ? stdout : std::fopen(file.c_str(), "w");
    if (!out)
        give_up("'" + file + "' cannot be written");
    if (what != "ndjson")
        std::fputs(what == "csv" ? "id,grp,name,amount,ts\n" : "text\n", out);
    std::uint64_t state = 88172645463325252u;
    std::string wide(width, 'x');
    wide += '\n';
    char line[512];
    for (std::size_t i = 0; i < rows; ++i) {
        const std::uint64_t bits = next(state);
        if (what == "wide") {
            wide[bits % width] = static_cast<char>('a' + bits % 26);
            std::fwrite(wide.data(), 1, wide.size(), out);
        } else {
            const int size = what == "csv" ? csv_row(line, sizeof line, i, bits) : ndjson_row(line, sizeof line, i, bits);
            std::fwrite(line, 1, static_cast<std::size_t>(size), out);
        }
    }
    return std::fclose(out) == 0 ? 0 : 1;
}

// ---- reading them --------------------------------------------------------------------------------------------------

/// The whole file in memory, so that no disk is measured. With simdjson's padding.
simdjson::padded_string text_of(const std::string& file)
{
    auto text = simdjson::padded_string::load(file);
    if (text.error())
        give_up("'" + file + "' cannot be read");
    return std::move(text).value_unsafe();
}

/// An anonymous file with `text` in it.
Descriptor memory_file(std::string_view text)
{
    Descriptor fd(::memfd_create("bench", 0));
    while (!text.empty()) {
        const ssize_t count = ::write(fd.get(), text.data(), text.size());
        if (count <= 0)
            give_up("no room in memory for the text");
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return fd;
}

std::unique_ptr<Window> window_of(const Descriptor& text)
{
    ::lseek(text.get(), 0, SEEK_SET);
    return std::make_unique<Window>(std::move(*make_input(Descriptor(::dup(text.get())), "bench", Compression::none, {})), 64 << 20);
}

std::uint64_t drain(Decoder& decoder)
{
    if (const auto started = decoder.start(std::nullopt); !started)
        give_up(started.error().message);
    for (std::uint64_t rows = 0;;) {
        OwnedArray batch;
        const auto state = decoder.read({}, [](const BadRecord& bad) -> Status { return fail(JF_E_DATA, bad.message); }, batch);
        if (!state)
            give_up(state.error().message);
        if (*state == ReadState::end)
            return rows;
        rows += static_cast<std::uint64_t>(batch->length);
    }
}

std::uint64_t read_csv(const Descriptor& text)
{
    CsvOptions options;
    options.columns = {{"id", Type::int64}, {"grp", Type::int32}, {"name", Type::utf8}, {"amount", DataType::decimal(12, 2)},
        {"ts", DataType(Type::timestamp, Unit::micro, "UTC")}};
    CsvDecoder decoder(window_of(text), options, "bench.csv");
    return drain(decoder);
}

/// times: as timestamps; else as text, as simdjson's walk sees them.
std::uint64_t read_ndjson(const Descriptor& text, bool times)
{
    JsonOptions options;
    options.columns = {{"id", Type::int64}, {"ts", times ? DataType(Type::timestamp, Unit::micro, "UTC") : DataType(Type::utf8)}, {"user", Type::utf8},
        {"kind", Type::utf8}, {"price", Type::float64}, {"count", Type::int64}, {"ok", Type::boolean}, {"path", Type::utf8}, {"agent", Type::utf8}};
    JsonDecoder decoder(window_of(text), options, "bench.ndjson");
    return drain(decoder);
}

/// simdjson's own walk over all 9 fields by type, as its manual shows it: the limit that the decoder is compared with.
std::uint64_t walk(const simdjson::padded_string& text, bool lines)
{
    namespace od = simdjson::ondemand;
    std::uint64_t sum = 0, rows = 0;
    double real = 0;
    od::parser parser;
    const auto visit = [&](auto&& document) {
        od::object object = document.get_object();
        sum += std::uint64_t(object["id"].get_int64());
        sum += std::string_view(object["ts"].get_string()).size();
        sum += std::string_view(object["user"].get_string()).size();
        sum += std::string_view(object["kind"].get_string()).size();
        real += double(object["price"].get_double());
        sum += std::uint64_t(object["count"].get_int64());
        sum += bool(object["ok"].get_bool());
        sum += std::string_view(object["path"].get_string()).size();
        sum += std::string_view(object["agent"].get_string()).size();
        ++rows;
    };
    if (!lines) {
        od::document_stream stream = parser.iterate_many(text);
        for (auto document : stream)
            visit(document);
        return rows + (real < 0) + (sum == 0);
    }
    const char* const end = text.data() + text.size();
    for (const char* at = text.data(); at < end;) {
        const auto size = static_cast<std::size_t>(static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at))) - at);
        od::document document = parser.iterate(at, size, size + simdjson::SIMDJSON_PADDING);
        visit(document);
        at += size + 1;
    }
    return rows + (real < 0) + (sum == 0); // so that nothing is left out
}

double processor_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Work>
int measure(Work work)
{
    const std::uint64_t rows = work();
    const double start = processor_seconds();
    if (rows == 0 || work() != rows)
        give_up("no rows, or another number of them the second time");
    std::printf("%.6f\n", processor_seconds() - start);
    return 0;
}

} // namespace

int main(int count, char** words)
{
    const std::string what = count > 1 ? words[1] : "";
    if (what == "make" && count >= 5)
        return make(words[2], std::strtoull(words[3], nullptr, 10), words[4], count > 5 ? std::strtoull(words[5], nullptr, 10) : 1);
    if (count != 3)
        give_up("see the first lines of tests/bench/bench_files.cpp");
    const simdjson::padded_string text = text_of(words[2]);
    if (what == "walk" || what == "walk-lines")
        return measure([&] { return walk(text, what == "walk-lines"); });
    const Descriptor file = memory_file(text);
    if (what == "csv")
        return measure([&] { return read_csv(file); });
    if (what == "ndjson" || what == "ndjson-text")
        return measure([&] { return read_ndjson(file, what == "ndjson"); });
    give_up("'" + what + "' is nothing that is measured");
}
