// A query of PostgreSQL into Arrow batches: prints rows and seconds, from the first word to the server to the last batch.
// Usage: bench_postgres_source PLUGIN SOCKET_DIR PORT QUERY
#include <string>
static std::string plugin_file; // read by the helpers of the tests
#define POSTGRES_PLUGIN plugin_file
#include "duckdb/plugin_host.hpp"

#include <chrono>
#include <cstdio>

using namespace test;

int main(int count, char** words)
{
    if (count != 5)
        return 2;
    plugin_file = words[1];
    Instance connection(plugin_file, JF_KIND_CONNECTION, "postgres",
        std::string("{\"host\":\"") + words[2] + "\",\"port\":" + words[3] + ",\"user\":\"jackfield\",\"database\":\"postgres\"}");
    Instance source(plugin_file, JF_KIND_SOURCE, "postgres", json::serialize(json::object{{"query", words[4]}}), connection.raw());
    const auto& table = source.table<jf_source>();
    const auto start = std::chrono::steady_clock::now();
    const jf_scope scope{sizeof scope, 0, sdk::as_str("flow"), sdk::as_str("task"), {}, {}, {}};
    const jf_read_request request{sizeof request, 0, &scope, {}, {}, {}};
    void* reader = nullptr;
    source.check(table.open(source.raw(), &source.frame.call, &request, &reader));
    std::int64_t rows = 0;
    for (;;) {
        Bytes partition, at;
        OwnedArray array;
        jf_batch batch{sizeof batch, 0, 0, array.out(), &partition.writer, &at.writer, &source.frame.rejects, 0, 0};
        const jf_limits limits{sizeof limits, 0, 65536, 0};
        if (source.check(table.next(reader, &source.frame.call, &limits, &batch)) == JF_END)
            break;
        rows += array->length;
    }
    table.close(reader);
    std::printf("%lld %.6f\n", static_cast<long long>(rows), std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    return 0;
}
