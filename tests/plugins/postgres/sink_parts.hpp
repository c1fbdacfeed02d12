// The sink 'postgres' over a database of its own.
#pragma once

#include "../duckdb/plugin_host.hpp"

#include <postgres_server.hpp>

#include <functional>
#include <thread>

namespace test {

/// One connection to a fresh database, and components on it.
struct Warehouse {
    explicit Warehouse(const std::string& more = "", jackfield::test::PostgresServer& server = jackfield::test::postgres())
        : database(server), connection(POSTGRES_PLUGIN, JF_KIND_CONNECTION, "postgres",
              "{\"host\":\"" + server.env("JF_PG_SOCKET_DIR") + "\",\"port\":" + std::to_string(server.port()) + ",\"user\":\"jackfield\",\"database\":\""
                  + database.name() + "\"" + more + "}")
    {
    }
    Instance sink(const std::string& config) { return {POSTGRES_PLUGIN, JF_KIND_SINK, "postgres", config, connection.raw()}; }
    std::string sql(const std::string& text) { return database.sql(text); }
    /// Waits until the query answers `wanted`; false after a minute.
    bool wait_for(const std::string& query, const std::string& wanted)
    {
        for (const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1); std::chrono::steady_clock::now() < end;)
            if (sql(query) == wanted)
                return true;
        return false;
    }
    jackfield::test::FreshDatabase database;
    Instance connection;
};

/// A batch that `fill` makes, a row at a time with end_row().
inline OwnedArray batch_of(const Schema& schema, const std::function<void(BatchBuilder&)>& fill)
{
    BatchBuilder builder(schema);
    fill(builder);
    return builder.finish().value();
}

/// Writes one batch as one epoch; the status of the write. A commit that wants the epoch again gets it, without the rows refused.
inline void load(Instance& sink, const Schema& schema, OwnedArray batch, const std::string& token = "p1")
{
    Writing writing(sink);
    writing.acquire();
    writing.schema(schema);
    const SharedArray shared(std::move(batch));
    writing.write(shared.share());
    if (writing.commit(token, 1, true) != JF_RESEND)
        return;
    auto refused = sink.frame.refused;
    std::sort(refused.begin(), refused.end(), [](const auto& a, const auto& b) { return a.row < b.row; });
    writing.abort();
    std::int64_t from = 0;
    std::uint64_t number = 0;
    for (std::size_t i = 0; i <= refused.size(); ++i) {
        const std::int64_t to = i < refused.size() ? refused[i].row : shared->length;
        if (to > from)
            writing.write(shared.slice(from, to - from), number++);
        from = to + 1;
    }
    must(writing.commit(token, 1, true) == JF_OK, "the epoch was refused again");
}

} // namespace test
