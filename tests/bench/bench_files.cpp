// How fast files are decoded and encoded: bench_files [csv|ndjson|walk|write]… prints GB/s of text on one thread.
#include "support/decode/csv.hpp"
#include "support/decode/json.hpp"

#include <simdjson.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

using namespace jackfield;
using namespace jackfield::files;

namespace {

/// An anonymous file with `text` in it.
int memory_file(const std::string& text)
{
    const int fd = ::memfd_create("bench", 0);
    std::size_t at = 0;
    while (at < text.size()) {
        const ssize_t count = ::write(fd, text.data() + at, text.size() - at);
        if (count <= 0)
            std::exit(1);
        at += static_cast<std::size_t>(count);
    }
    return fd;
}

/// id bigint, grp int, name of 20 characters, amount decimal(12,2), ts timestamptz: the rows of docs/performance.md.
std::string csv_text(std::size_t rows)
{
    std::string out = "id,grp,name,amount,ts\n";
    std::uint64_t state = 88172645463325252u;
    char line[128];
    for (std::size_t i = 0; i < rows; ++i) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        char name[21] = {};
        for (int c = 0; c < 20; ++c)
            name[c] = static_cast<char>('a' + (state >> c) % 26);
        const auto second = static_cast<unsigned>(i % 60), minute = static_cast<unsigned>(i / 60 % 60), hour = static_cast<unsigned>(i / 3600 % 24);
        std::snprintf(line, sizeof line, "%zu,%u,%s,%u.%02u,2024-%02u-%02u %02u:%02u:%02u+00\n", i, static_cast<unsigned>(state >> 50), name,
            static_cast<unsigned>(state >> 44) % 100000, static_cast<unsigned>(state >> 20) % 100, static_cast<unsigned>(1 + state % 12),
            static_cast<unsigned>(1 + (state >> 8) % 28), hour, minute, second);
        out += line;
    }
    return out;
}

/// Records of about 200 bytes with 9 fields.
std::string ndjson_text(std::size_t rows)
{
    std::string out;
    std::uint64_t state = 88172645463325252u;
    char line[512];
    for (std::size_t i = 0; i < rows; ++i) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        std::snprintf(line, sizeof line,
            "{\"id\":%zu,\"ts\":\"2024-03-%02uT%02zu:%02zu:%02zu.%03uZ\",\"user\":\"user%06u\",\"kind\":\"%s\",\"price\":%u.%02u,\"count\":%u,\"ok\":%s,"
            "\"path\":\"/shop/item/%08x/detail\",\"agent\":\"Mozilla/5.0 (X11; Linux x86_64) Gecko/2010\"}\n",
            i, static_cast<unsigned>(1 + state % 28), i / 3600 % 24, i / 60 % 60, i % 60, static_cast<unsigned>(state >> 10) % 1000, static_cast<unsigned>(state >> 20) % 1000000,
            (state & 1) ? "purchase" : "view", static_cast<unsigned>(state >> 30) % 10000, static_cast<unsigned>(state >> 5) % 100, static_cast<unsigned>(state >> 50) % 20,
            (state & 2) ? "true" : "false", static_cast<unsigned>(state));
        out += line;
    }
    return out;
}

void report(const char* name, std::size_t bytes, std::vector<double> seconds, std::uint64_t rows)
{
    std::sort(seconds.begin(), seconds.end());
    std::printf("%-28s %6.3f GB/s (median of %zu, best %.3f), %.2f M rows/s\n", name, static_cast<double>(bytes) / seconds[seconds.size() / 2] / 1e9, seconds.size(),
        static_cast<double>(bytes) / seconds.front() / 1e9, static_cast<double>(rows) / seconds[seconds.size() / 2] / 1e6);
}

double cpu_seconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now); // other programs may share the machine
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::uint64_t decode_csv(int fd, const CsvOptions& options)
{
    ::lseek(fd, 0, SEEK_SET);
    auto input = make_input(Descriptor(::dup(fd)), "bench.csv", Compression::none, {});
    CsvDecoder decoder(std::make_unique<Window>(std::move(*input), 64 << 20), options, "bench.csv");
    if (auto started = decoder.start(std::nullopt); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        std::exit(1);
    }
    std::uint64_t rows = 0;
    for (;;) {
        OwnedArray batch;
        auto state = decoder.read({}, [](const BadRecord& bad) -> Status { return fail(JF_E_DATA, bad.message); }, batch);
        if (!state) {
            std::fprintf(stderr, "%s\n", state.error().message.c_str());
            std::exit(1);
        }
        if (*state == ReadState::end)
            return rows;
        rows += static_cast<std::uint64_t>(batch->length);
    }
}

template <class Work>
void measure(const char* name, std::size_t bytes, Work work)
{
    std::vector<double> seconds;
    std::uint64_t rows = 0;
    for (int round = 0; round < 7; ++round) {
        const double start = cpu_seconds();
        rows = work();
        seconds.push_back(cpu_seconds() - start);
    }
    report(name, bytes, seconds, rows);
}

void bench_csv()
{
    const std::string text = csv_text(2'000'000);
    const int fd = memory_file(text);
    CsvOptions options;
    options.columns = {{"id", Type::int64}, {"grp", Type::int32}, {"name", Type::utf8}, {"amount", DataType::decimal(12, 2)},
        {"ts", DataType(Type::timestamp, Unit::micro, "UTC")}};
    measure("csv typed", text.size(), [&] { return decode_csv(fd, options); });
    ::close(fd);
}

std::uint64_t decode_json(int fd, bool times)
{
    ::lseek(fd, 0, SEEK_SET);
    auto input = make_input(Descriptor(::dup(fd)), "bench.ndjson", Compression::none, {});
    JsonOptions options;
    if (!times) // as simdjson's walk reads them
        options.columns = {{"id", Type::int64}, {"ts", Type::utf8}, {"user", Type::utf8}, {"kind", Type::utf8}, {"price", Type::float64},
            {"count", Type::int64}, {"ok", Type::boolean}, {"path", Type::utf8}, {"agent", Type::utf8}};
    JsonDecoder decoder(std::make_unique<Window>(std::move(*input), 64 << 20), options, "bench.ndjson");
    if (auto started = decoder.start(std::nullopt); !started) {
        std::fprintf(stderr, "%s\n", started.error().message.c_str());
        std::exit(1);
    }
    std::uint64_t rows = 0;
    for (;;) {
        OwnedArray batch;
        auto state = decoder.read({}, [](const BadRecord& bad) -> Status { return fail(JF_E_DATA, bad.message); }, batch);
        if (!state) {
            std::fprintf(stderr, "%s\n", state.error().message.c_str());
            std::exit(1);
        }
        if (*state == ReadState::end)
            return rows;
        rows += static_cast<std::uint64_t>(batch->length);
    }
}

/// simdjson's own walk over all 9 fields by type: the physical limit that the decoder is compared with.
std::uint64_t walk(const simdjson::padded_string& text, bool many)
{
    namespace od = simdjson::ondemand;
    static std::uint64_t sink = 0;
    static double real = 0;
    std::uint64_t rows = 0;
    od::parser parser;
    const auto visit = [&](auto&& document) {
        od::object object = document.get_object();
        sink += std::uint64_t(object["id"].get_int64());
        sink += std::string_view(object["ts"].get_string()).size();
        sink += std::string_view(object["user"].get_string()).size();
        sink += std::string_view(object["kind"].get_string()).size();
        real += double(object["price"].get_double());
        sink += std::uint64_t(object["count"].get_int64());
        sink += bool(object["ok"].get_bool());
        sink += std::string_view(object["path"].get_string()).size();
        sink += std::string_view(object["agent"].get_string()).size();
        ++rows;
    };
    if (many) {
        od::document_stream stream = parser.iterate_many(text);
        for (auto document : stream)
            visit(document);
    } else {
        const char* at = text.data();
        const char* const end = at + text.size();
        while (at < end) {
            const char* line = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
            od::document document = parser.iterate(at, static_cast<std::size_t>(line - at), static_cast<std::size_t>(line - at) + simdjson::SIMDJSON_PADDING);
            visit(document);
            at = line + 1;
        }
    }
    return rows + (real < 0) + (sink == 0);
}

void bench_json(bool decode, bool limit)
{
    const std::string text = ndjson_text(1'000'000);
    if (decode) {
        const int fd = memory_file(text);
        measure("ndjson, ts as timestamp", text.size(), [&] { return decode_json(fd, true); });
        measure("ndjson, ts as text", text.size(), [&] { return decode_json(fd, false); });
        ::close(fd);
    }
    if (limit) {
        const simdjson::padded_string padded(text);
        measure("simdjson walk, iterate_many", text.size(), [&] { return walk(padded, true); });
        measure("simdjson walk, per line", text.size(), [&] { return walk(padded, false); });
    }
}

} // namespace

int main(int argc, char** argv)
{
    const auto wanted = [&](const char* name) {
        return argc == 1 || std::any_of(argv + 1, argv + argc, [&](const char* word) { return std::string(word) == name; });
    };
    if (wanted("csv"))
        bench_csv();
    if (wanted("ndjson") || wanted("walk"))
        bench_json(wanted("ndjson"), wanted("walk"));
    return 0;
}
