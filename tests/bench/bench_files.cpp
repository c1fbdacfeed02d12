// How fast files are decoded and encoded: bench_files [csv|ndjson|walk|write]… prints GB/s of text on one thread.
#include "csv.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
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

void bench_csv()
{
    const std::string text = csv_text(2'000'000);
    const int fd = memory_file(text);
    CsvOptions options;
    options.columns = {{"id", Type::int64}, {"grp", Type::int32}, {"name", Type::utf8}, {"amount", DataType::decimal(12, 2)},
        {"ts", DataType(Type::timestamp, Unit::micro, "UTC")}};
    std::vector<double> seconds;
    std::uint64_t rows = 0;
    for (int round = 0; round < 7; ++round) {
        const double start = cpu_seconds();
        rows = decode_csv(fd, options);
        seconds.push_back(cpu_seconds() - start);
    }
    report("csv typed", text.size(), seconds, rows);
    ::close(fd);
}

} // namespace

int main(int argc, char** argv)
{
    const auto wanted = [&](const char* name) {
        return argc == 1 || std::any_of(argv + 1, argv + argc, [&](const char* word) { return std::string(word) == name; });
    };
    if (wanted("csv"))
        bench_csv();
    return 0;
}
