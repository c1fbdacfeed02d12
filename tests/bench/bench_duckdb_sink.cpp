// Arrow in memory into a DuckDB table in a file, checkpoint included, beside DuckDB's own COPY of the same rows as CSV.
// Usage: bench_duckdb_sink PLUGIN [ROWS [THREADS]]
#define DUCKDB_PLUGIN plugin_file
#include <string>
static std::string plugin_file; // read by the helpers of the tests
#include "duckdb/duckdb_parts.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>

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

const Schema columns{{"id", Type::int64}, {"n", Type::int32}, {"name", Type::utf8}, {"amount", DataType::decimal(18, 2)},
    {"changed", DataType(Type::timestamp, Unit::micro)}};

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

std::string threads_of(int threads) { return threads > 1 ? ",\"options\":{\"preserve_insertion_order\":\"false\"}" : ""; }

Time sink(const std::string& file, const std::vector<SharedArray>& batches, int threads)
{
    const Time start = now();
    {
        Instance connection(plugin_file, JF_KIND_CONNECTION, "duckdb", "{\"path\":\"" + file + "\",\"threads\":" + std::to_string(threads) + threads_of(threads) + "}");
        Instance into(plugin_file, JF_KIND_SINK, "duckdb", R"({"table":"t"})", connection.raw());
        Writing writing(into);
        writing.acquire();
        writing.schema(columns);
        std::uint64_t number = 0, epoch = 0;
        for (const auto& batch : batches) {
            writing.write(batch.share(), number++);
            if (number < 16) // a million rows
                continue;
            writing.commit("rows", ++epoch);
            number = 0;
        }
        writing.commit("end", ++epoch, true);
    } // closing makes the checkpoint
    const Time end = now();
    return {end.wall - start.wall, end.processor - start.processor};
}

Time copy(const std::string& file, const std::string& csv, int threads)
{
    const Time start = now();
    {
        Instance connection(plugin_file, JF_KIND_CONNECTION, "duckdb", "{\"path\":\"" + file + "\",\"threads\":" + std::to_string(threads) + "}");
        Instance task(plugin_file, JF_KIND_TASK, "duckdb.sql", "{\"sql\":\"CREATE TABLE t (id BIGINT, n INTEGER, name VARCHAR, amount DECIMAL(18,2), "
            "changed TIMESTAMP); COPY t FROM '" + csv + "' (HEADER false)\"}", connection.raw());
        const jf_run_request request{sizeof request, 1, nullptr};
        Bytes result;
        task.check(task.table<jf_task>().run(task.raw(), &task.frame.call, &request, &result.writer));
    }
    const Time end = now();
    return {end.wall - start.wall, end.processor - start.processor};
}

} // namespace

int main(int count, char** words)
{
    if (count < 2)
        return 2;
    plugin_file = words[1];
    const std::int64_t rows = count > 2 ? std::atoll(words[2]) : 10'000'000;
    const int threads = count > 3 ? std::atoi(words[3]) : 1;
    Folder folder;
    const auto batches = make(rows);
    sink(folder.file("csv.db"), batches, 2);
    {
        Store store(folder.file("csv.db"));
        store.run("COPY t TO '" + folder.file("t.csv") + "' (HEADER false)");
    }
    for (int i = 0; i < 3; ++i) {
        const Time ours = sink(folder.file("a" + std::to_string(i)), batches, threads);
        const Time theirs = copy(folder.file("b" + std::to_string(i)), folder.file("t.csv"), threads);
        std::printf("rows=%lld threads=%d sink wall=%.2f cpu=%.2f copy wall=%.2f cpu=%.2f ratio wall=%.2f cpu=%.2f\n", static_cast<long long>(rows), threads,
            ours.wall, ours.processor, theirs.wall, theirs.processor, theirs.wall / ours.wall, theirs.processor / ours.processor);
    }
    return 0;
}
