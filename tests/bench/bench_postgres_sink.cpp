// Arrow in memory into a logged PostgreSQL table beside psql's \copy of the same rows as a ready binary, text and CSV file.
// Usage: bench_postgres_sink PLUGIN SOCKET_DIR PORT FOLDER ROWS LANES ROUNDS
// Prints for each round the seconds: ours, binary, text, csv, and our microseconds of processor time for a row. FOLDER keeps the files.
#define POSTGRES_PLUGIN plugin_file
#include <string>
static std::string plugin_file; // read by the helpers of the tests
#include "duckdb/plugin_host.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <thread>

using namespace test;

namespace {

struct Time {
    double wall, processor;
};

Time now()
{
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
    return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(), seconds(use.ru_utime) + seconds(use.ru_stime)};
}

const Schema columns{{"id", Type::int64}, {"n", Type::int32}, {"name", Type::utf8}, {"amount", DataType::decimal(12, 2)},
    {"changed", DataType(Type::timestamp, Unit::micro, "UTC")}};
constexpr const char* definition = "(id bigint, n int, name text, amount numeric(12,2), changed timestamptz)";

std::vector<SharedArray> make(std::int64_t rows)
{
    std::vector<SharedArray> out;
    std::uint64_t x = 88172645463325252; // xorshift
    BatchBuilder builder(columns);
    for (std::int64_t i = 0; i < rows;) {
        for (int k = 0; k < 65'536 && i < rows; ++k, ++i) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            builder.column(0).append_i64(i);
            builder.column(1).append_i64(static_cast<std::int64_t>((x >> 20) % 100'000));
            builder.column(2).append_text("customer " + std::to_string(x % 1'000'000));
            builder.column(3).append_decimal(static_cast<Int128>((x >> 10) % 10'000'000));
            builder.column(4).append_i64(1'700'000'000'000'000 + i * 1'000'000);
            builder.end_row();
        }
        out.emplace_back(builder.finish().value());
    }
    return out;
}

struct Place {
    std::string socket, port, folder;
    std::string connection() const { return "{\"host\":\"" + socket + "\",\"port\":" + port + ",\"user\":\"jackfield\",\"database\":\"postgres\"}"; }
    void psql(const std::string& sql) const
    {
        const std::string command = "psql -h '" + socket + "' -p " + port + " -U jackfield -d postgres -X -q -v ON_ERROR_STOP=1 -c \"" + sql + "\"";
        must(std::system(command.c_str()) == 0, "psql failed");
    }
    void fresh() const { psql("DROP TABLE IF EXISTS t"); psql(std::string("CREATE TABLE t ") + definition); psql("CHECKPOINT"); }
};

void write_part(const Place& place, const std::vector<SharedArray>& batches, std::uint32_t lane, std::uint32_t lanes, void* on)
{
    Instance into(plugin_file, JF_KIND_SINK, "postgres", R"({"table":"t"})", on);
    Writing writing(into, place.folder, false, "load", lane, lanes);
    const std::string part = "p" + std::to_string(lane);
    writing.acquire(part);
    writing.schema(columns);
    std::uint64_t number = 0;
    for (std::size_t i = lane; i < batches.size(); i += lanes)
        writing.write(batches[i].share(), number++);
    writing.commit("end" + std::to_string(::rand()), 1, true, part);
}

Time sink(const Place& place, const std::vector<SharedArray>& batches, std::uint32_t lanes)
{
    place.fresh();
    const Time start = now();
    {
        Instance connection(plugin_file, JF_KIND_CONNECTION, "postgres", place.connection());
        std::vector<std::thread> threads;
        for (std::uint32_t lane = 1; lane < lanes; ++lane)
            threads.emplace_back([&, lane] { write_part(place, batches, lane, lanes, connection.raw()); });
        write_part(place, batches, 0, lanes, connection.raw());
        for (auto& thread : threads)
            thread.join();
    }
    const Time end = now();
    return {end.wall - start.wall, end.processor - start.processor};
}

double copy(const Place& place, const char* format)
{
    place.fresh();
    const Time start = now();
    place.psql("\\copy t FROM '" + place.folder + "/" + format + "' (FORMAT " + format + ")");
    return now().wall - start.wall;
}

} // namespace

int main(int count, char** words)
{
    if (count < 8)
        return 2;
    plugin_file = words[1];
    const Place place{words[2], words[3], words[4]};
    const auto batches = make(std::atoll(words[5]));
    const auto lanes = static_cast<std::uint32_t>(std::atoi(words[6]));
    sink(place, batches, 1);
    for (const char* format : {"binary", "text", "csv"})
        place.psql("\\copy t TO '" + place.folder + "/" + format + "' (FORMAT " + format + ")");
    for (int i = 0; i < std::atoi(words[7]); ++i) {
        const Time ours = sink(place, batches, lanes);
        const double binary = copy(place, "binary"), text = copy(place, "text"), csv = copy(place, "csv");
        std::printf("%.3f %.3f %.3f %.3f %.4f\n", ours.wall, binary, text, csv, ours.processor / std::atof(words[5]) * 1e6);
        std::fflush(stdout);
    }
    return 0;
}
