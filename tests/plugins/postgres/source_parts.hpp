// The source 'postgres' over a database of its own.
#pragma once

#include "sink_parts.hpp"

namespace test {

/// A warehouse with sources; `more`: members of the connection's configuration, each after a comma.
struct Origin : Warehouse {
    using Warehouse::Warehouse;
    Instance source(const std::string& config) { return {POSTGRES_PLUGIN, JF_KIND_SOURCE, "postgres", config, connection.raw()}; }
    /// All rows that a source gives, as JSON lines; or what went wrong.
    std::string rows(const std::string& config);
    /// The answer to a query of the connection, as JSON lines; or what went wrong.
    std::string answer(const std::string& sql, ArrowArrayStream* params = nullptr, std::uint64_t most = 0)
    {
        try {
            return ask(connection, sql, params, most);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
};

/// A reader of a source.
class Reading {
public:
    explicit Reading(Instance& source, const std::string& from = "", const std::string& until = "", const std::string& partition = "")
        : source_(source), table_(source.table<jf_source>())
    {
        const jf_scope scope{sizeof scope, 0, sdk::as_str("flow"), sdk::as_str("task"), {}, {}, {}};
        const jf_read_request request{sizeof request, 0, &scope, sdk::as_str(partition), sdk::as_bytes(from), sdk::as_bytes(until)};
        source.check(table_.open(source.raw(), &source.frame.call, &request, &reader_));
        OwnedSchema raw;
        source.check(table_.schema(reader_, &source.frame.call, raw.out()));
        schema = import_schema(*raw).value();
    }
    ~Reading()
    {
        if (reader_)
            table_.close(reader_);
    }
    Reading(const Reading&) = delete;
    /// The next batch; empty at the end.
    OwnedArray batch(std::uint64_t most)
    {
        for (;;) {
            Bytes partition, at;
            OwnedArray array;
            jf_batch batch{sizeof batch, 0, 0, array.out(), &partition.writer, &at.writer, &source_.frame.rejects, 0, 0};
            const jf_limits limits{sizeof limits, 0, most, 0};
            const jf_status status = source_.check(table_.next(reader_, &source_.frame.call, &limits, &batch));
            if (status == JF_END)
                return {};
            if (status == JF_IDLE)
                continue;
            position = at.text;
            rows = array->length;
            return array;
        }
    }
    /// What one next() answers; the batch is dropped.
    jf_status status(std::uint64_t most)
    {
        Bytes partition, at;
        OwnedArray array;
        jf_batch batch{sizeof batch, 0, 0, array.out(), &partition.writer, &at.writer, &source_.frame.rejects, 0, 0};
        const jf_limits limits{sizeof limits, 0, most, 0};
        return table_.next(reader_, &source_.frame.call, &limits, &batch);
    }
    /// Its rows as JSON; nullopt at the end.
    std::optional<std::string> next(std::uint64_t most)
    {
        const OwnedArray array = batch(most);
        if (!array)
            return std::nullopt;
        must(validate(schema, *array, Check::full).has_value(), "the batch is not valid");
        JsonRows writer(schema);
        writer.bind(*array);
        std::string out;
        for (std::int64_t row = 0; row < array->length; ++row)
            out += writer.text(row);
        return out;
    }
    std::string all(std::uint64_t most = 7)
    {
        std::string out;
        while (auto part = next(most))
            out += *part;
        return out;
    }
    Schema schema;
    std::string position;
    std::int64_t rows = 0;

private:
    Instance& source_;
    const jf_source& table_;
    void* reader_ = nullptr;
};

inline std::string Origin::rows(const std::string& config)
{
    try {
        Instance made = source(config);
        Reading reading(made);
        return reading.all();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
}

} // namespace test
