// Source and Reader: rows in. A vendor derives from both; RowReader is the short way for row-at-a-time code.
#pragma once

#include <jackfield/abi/source.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/sdk/call.hpp>

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sdk {

/// Where a reader goes on: opaque bytes to everyone but the source. The first byte is a format of the source's own.
/// Value.
struct Position {
    std::string bytes;

    /// Format 1: one whole number. Enough for most sources.
    [[nodiscard]] static Position of(std::int64_t number)
    {
        Position out{std::string(1, '\1')};
        for (int shift = 0; shift < 64; shift += 8)
            out.bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> shift);
        return out;
    }
    /// The number of a position made by of(); nullopt if empty or of another format.
    [[nodiscard]] static std::optional<std::int64_t> number(std::string_view bytes)
    {
        if (bytes.size() != 9 || bytes[0] != '\1')
            return std::nullopt;
        std::uint64_t out = 0;
        for (int i = 0; i < 8; ++i)
            out |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[1 + i])) << (8 * i);
        return static_cast<std::int64_t>(out);
    }
};

/// What to read; the views live as long as open(). See jf_read_request.
struct ReadRequest {
    Scope scope;
    std::string_view partition, from, until;

    /// `from` as a number, or `otherwise` where it is empty. Of another format: open() fails with JF_E_POSITION whatever the
    /// source does, since going on from the start would bring every row twice.
    [[nodiscard]] std::int64_t from_number(std::int64_t otherwise) const { return number(from, otherwise); }
    [[nodiscard]] std::int64_t until_number(std::int64_t otherwise) const { return number(until, otherwise); }
    mutable bool misread = false; ///< one of the two was no number

private:
    [[nodiscard]] std::int64_t number(std::string_view bytes, std::int64_t otherwise) const
    {
        const auto read = Position::number(bytes);
        misread = misread || (!read && !bytes.empty());
        return read.value_or(otherwise);
    }
};

/// How far event time has come in a partition; see JF_WATERMARK_….
struct Watermark {
    std::uint32_t state = JF_WATERMARK_NONE;
    std::int64_t at_us = 0;
};

/// What next() found; the batch itself goes into BatchOut.
enum class Next : jf_status {
    batch = JF_OK,
    idle = JF_IDLE,
    end = JF_END,
    schema = JF_SCHEMA,
    given = JF_GIVEN,
    asked_back = JF_ASKED_BACK,
    lost = JF_LOST,
};

/// What one next() fills in: for Next::batch the array and its position, for events the partition.
struct BatchOut {
    OwnedArray array;
    Position position;
    std::string partition;
    Watermark watermark;
    std::uint64_t bytes = 0;       ///< read from outside for this batch
    std::uint64_t total_bytes = 0; ///< of the whole partition, if known
    Rejects rejects{nullptr};      ///< where records go that cannot be decoded
};

/// Reads one partition (or the partitions it is given). One thread at a time, not always the same.
class Reader {
public:
    virtual ~Reader() = default;

    virtual Result<Schema> schema(const Call& call) = 0;
    /// One batch or event, as jf_source.next says. Returns by the deadline of the call.
    virtual Result<Next> next(const Call& call, const Limits& limits, BatchOut& out) = 0;

    virtual Status seek(const Call&, std::string_view /*partition*/, std::string_view /*position*/, std::string_view /*until*/)
    {
        return fail(JF_E_UNSUPPORTED, "this source cannot go back in an open reader");
    }
    virtual Status give_back(const Call&, std::string_view /*partition*/) { return {}; }
    virtual Status record(const Call&, std::string_view /*partition*/, std::string_view /*position*/, std::string_view /*intent*/)
    {
        return fail(JF_E_UNSUPPORTED, "this source keeps no positions");
    }
    struct Recorded {
        std::string position, intent;
    };
    virtual Result<std::optional<Recorded>> recorded(const Call&, std::string_view /*partition*/) { return std::optional<Recorded>(); }
    virtual Status ack(const Call&, std::string_view /*partition*/, std::string_view /*position*/) { return {}; }
    virtual Result<std::string> witness(const Call&) { return std::string(); }
    /// Any thread: makes a call in progress come back soon.
    virtual void interrupt() {}
};

/// A reader that adds rows one by one. `fields()` once, then `read()` until it says so.
class RowReader : public Reader {
public:
    virtual Schema fields() = 0;
    /// Adds at most limits.max_rows rows. The position to go on from after them; nullopt: the end.
    virtual Result<std::optional<Position>> read(const Call& call, const Limits& limits, Rows& rows) = 0;

    Result<Schema> schema(const Call&) final { return fields(); }
    Result<Next> next(const Call& call, const Limits& limits, BatchOut& out) final
    {
        if (limits.max_rows == 0)
            return Next::idle;
        if (!rows_)
            rows_.emplace(fields());
        JF_ASSIGN(std::optional<Position> position, read(call, limits, *rows_));
        if (!position && rows_->size() == 0)
            return Next::end;
        if (!position)
            return fail(JF_E_STATE, "rows were added without a position after them");
        out.position = std::move(*position);
        JF_ASSIGN(out.array, rows_->finish());
        return Next::batch;
    }

private:
    std::optional<Rows> rows_;
};

/// Base of a source. Give it `static Options options()`; a constructor (const Config&, Host) or a
/// `static Result<std::unique_ptr<T>> make(const Config&, Host)`; and `static Description describe(const Config&)`.
class Source {
public:
    virtual ~Source() = default;
    virtual Result<std::unique_ptr<Reader>> open(const Call& call, const ReadRequest& request) = 0;
    /// Names, for a source whose description says JF_PARTITIONS_STATIC.
    virtual Result<std::vector<std::string>> partitions(const Call&) { return std::vector<std::string>{""}; }
};

namespace detail {

inline jf_status source_next(void* reader, const jf_call* call, const jf_limits* limits, jf_batch* batch)
{
    return guard(call, [&]() -> Result<jf_status> {
        BatchOut out;
        out.rejects = Rejects(batch->rejects);
        JF_ASSIGN(const Next what, static_cast<Reader*>(reader)->next(Call(call), {limits->max_rows, limits->max_bytes}, out));
        if (!out.partition.empty())
            JF_TRY(put(batch->partition, out.partition));
        if (what == Next::batch) {
            JF_TRY(put(batch->position, out.position.bytes));
            batch->watermark_state = out.watermark.state;
            batch->watermark_us = out.watermark.at_us;
            batch->bytes = out.bytes;
            batch->total_bytes = out.total_bytes;
            *batch->array = out.array.release();
        }
        return static_cast<jf_status>(what);
    });
}

inline jf_status source_partitions(void* self, const jf_call* call, const jf_writer* json)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const auto names, static_cast<Source*>(self)->partitions(Call(call)));
        std::string text = "[";
        for (const auto& name : names) {
            text += text.size() > 1 ? "," : "";
            append_json_string(text, name);
        }
        JF_TRY(put(json, text + "]"));
        return JF_OK;
    });
}

inline jf_status source_open(void* self, const jf_call* call, const jf_read_request* request, void** reader)
{
    return guard(call, [&]() -> Result<jf_status> {
        ReadRequest wanted;
        wanted.scope = Scope::from(request->scope);
        wanted.partition = view(request->partition);
        wanted.from = view(request->from);
        wanted.until = view(request->until);
        JF_ASSIGN(auto made, static_cast<Source*>(self)->open(Call(call), wanted));
        if (wanted.misread)
            return fail(JF_E_POSITION, "the position is not one of this source; start again with 'jackfield run --full-refresh'");
        *reader = made.release();
        return JF_OK;
    });
}

inline jf_status source_schema(void* reader, const jf_call* call, ArrowSchema* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const Schema schema, static_cast<Reader*>(reader)->schema(Call(call)));
        JF_TRY(export_schema(schema, out));
        return JF_OK;
    });
}

inline jf_status source_seek(void* reader, const jf_call* call, jf_str partition, jf_bytes position, jf_bytes until)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Reader*>(reader)->seek(Call(call), view(partition), view(position), view(until)));
        return JF_OK;
    });
}

inline jf_status source_give_back(void* reader, const jf_call* call, jf_str partition)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Reader*>(reader)->give_back(Call(call), view(partition)));
        return JF_OK;
    });
}

inline jf_status source_record(void* reader, const jf_call* call, jf_str partition, jf_bytes position, jf_bytes intent)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Reader*>(reader)->record(Call(call), view(partition), view(position), view(intent)));
        return JF_OK;
    });
}

inline jf_status source_recorded(void* reader, const jf_call* call, jf_str partition, const jf_writer* position, const jf_writer* intent)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const auto kept, static_cast<Reader*>(reader)->recorded(Call(call), view(partition)));
        if (!kept)
            return JF_END;
        JF_TRY(put(position, kept->position));
        JF_TRY(put(intent, kept->intent));
        return JF_OK;
    });
}

inline jf_status source_ack(void* reader, const jf_call* call, jf_str partition, jf_bytes position)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_TRY(static_cast<Reader*>(reader)->ack(Call(call), view(partition), view(position)));
        return JF_OK;
    });
}

inline jf_status source_witness(void* reader, const jf_call* call, const jf_writer* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        JF_ASSIGN(const std::string bytes, static_cast<Reader*>(reader)->witness(Call(call)));
        JF_TRY(put(out, bytes));
        return JF_OK;
    });
}

inline const jf_source source_table{sizeof(jf_source), 0, source_partitions, source_open, source_schema, source_next, source_seek,
    source_give_back, source_record, source_recorded, source_ack, source_witness,
    [](void* reader) { static_cast<Reader*>(reader)->interrupt(); },
    [](void* reader) { delete static_cast<Reader*>(reader); }};

} // namespace detail
} // namespace jackfield::sdk
