// Rows as text, and text in compressed members.
#include "encode.hpp"

#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/text.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <zlib.h>
#include <zstd.h>

#include <cstring>
#include <vector>

namespace jackfield::files {
namespace {

void put(Buffer& out, std::string_view text) { out.append(text.data(), text.size()); }

/// One object a line, or the same with commas and brackets.
class JsonEncoder final : public Encoder {
public:
    JsonEncoder(const Schema& schema, bool array) : rows_(schema), array_(array) {}

    void begin(Buffer& out) override
    {
        if (array_)
            put(out, "[");
    }
    void rows(const ArrowArray& batch, bool first, Buffer& out) override
    {
        rows_.bind(batch);
        for (std::int64_t row = 0; row < batch.length; ++row) {
            if (array_)
                put(out, first && row == 0 ? "\n" : ",\n");
            rows_.write(row, out);
            if (!array_)
                out.push('\n');
        }
    }
    void end(bool, Buffer& out) override
    {
        if (array_)
            put(out, "\n]\n");
    }

private:
    JsonRows rows_;
    bool array_;
};

class CsvEncoder final : public Encoder {
public:
    CsvEncoder(const Schema& schema, const CsvStyle& style) : schema_(schema), style_(style)
    {
        for (const char c : {style_.delimiter, style_.quote, '\n', '\r'})
            special_[static_cast<unsigned char>(c)] = true;
    }

    void begin(Buffer& out) override
    {
        if (!style_.header)
            return;
        for (std::size_t i = 0; i < schema_.size(); ++i) {
            if (i)
                out.push(style_.delimiter);
            text(schema_[i].name, out);
        }
        out.push('\n');
    }
    void rows(const ArrowArray& batch, bool, Buffer& out) override
    {
        const BatchView view(schema_, batch);
        for (std::int64_t row = 0; row < view.rows(); ++row) {
            for (std::size_t i = 0; i < view.columns(); ++i) {
                if (i)
                    out.push(style_.delimiter);
                value(view[i], row, out);
            }
            out.push('\n');
        }
    }
    void end(bool, Buffer&) override {}

private:
    void value(const ColumnView& column, std::int64_t row, Buffer& out)
    {
        if ((column.may_have_nulls() || column.indirect()) && column.is_null(row))
            return put(out, style_.null);
        const DataType* type = &column.type();
        while (type->type == Type::dictionary || type->type == Type::run_end_encoded)
            type = &type->children[1].type;
        if (is_text(type->type))
            return text(column.text(row), out);
        if (is_binary(type->type))
            return append_base64(out, column.text(row));
        if (type->type == Type::boolean)
            return put(out, column.boolean(row) ? "true" : "false");
        char* const at = reinterpret_cast<char*>(out.room(max_value_text));
        out.advance(static_cast<std::size_t>(scalar(column, *type, row, at) - at));
    }
    static char* scalar(const ColumnView& column, const DataType& type, std::int64_t row, char* at)
    {
        switch (type.type) {
        case Type::uint64: return write_u64(at, column.u64(row));
        case Type::float32: return write_f32(at, static_cast<float>(column.f64(row)));
        case Type::float64: return write_f64(at, column.f64(row));
        case Type::decimal128: return write_decimal(at, column.decimal(row), type.scale);
        case Type::date32: return write_date(at, column.i64(row));
        case Type::date64: return write_date(at, detail::floor_div(column.i64(row), 86'400'000));
        case Type::time32: case Type::time64: return write_time(at, column.i64(row), type.unit);
        case Type::timestamp: return write_timestamp(at, column.i64(row), type.unit, !type.zone.empty());
        case Type::duration: return write_duration(at, column.i64(row), type.unit);
        case Type::interval_month_day_nano: return write_interval(at, column.interval(row));
        default: return write_i64(at, column.i64(row));
        }
    }
    /// Quotes only where a reader would take the text for something else.
    void text(std::string_view value, Buffer& out)
    {
        bool plain = value != style_.null;
        for (const char c : value)
            plain = plain && !special_[static_cast<unsigned char>(c)];
        if (plain && !value.empty() && value.front() != ' ' && value.back() != ' ')
            return put(out, value);
        if (plain && value.empty())
            return;
        out.push(style_.quote);
        for (const char c : value) {
            if (c == style_.quote)
                out.push(c);
            out.push(c);
        }
        out.push(style_.quote);
    }

    Schema schema_;
    CsvStyle style_;
    bool special_[256] = {};
};

class PlainPacker final : public Packer {
public:
    Status pack(const char* data, std::size_t size, bool, Buffer& out) override
    {
        out.append(data, size);
        return {};
    }
    void reset() override {}
};

class GzipPacker final : public Packer {
public:
    GzipPacker() { good_ = deflateInit2(&stream_, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
    ~GzipPacker() override { deflateEnd(&stream_); }
    Status pack(const char* data, std::size_t size, bool end, Buffer& out) override
    {
        if (!good_)
            return fail(JF_E_EXHAUSTED, "out of memory for gzip");
        begun_ = begun_ || size > 0;
        if (!begun_)
            return {};
        do {
            const std::size_t piece = size < (1u << 30) ? size : 1u << 30;
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data));
            stream_.avail_in = static_cast<uInt>(piece);
            const int flush = end && piece == size ? Z_FINISH : Z_NO_FLUSH;
            int state = Z_OK;
            do {
                stream_.next_out = out.room(64 << 10);
                stream_.avail_out = 64 << 10;
                state = deflate(&stream_, flush);
                out.advance((64u << 10) - stream_.avail_out);
            } while (stream_.avail_out == 0 || (flush == Z_FINISH && state == Z_OK));
            data += piece;
            size -= piece;
        } while (size > 0);
        if (end)
            reset();
        return {};
    }
    void reset() override
    {
        deflateReset(&stream_);
        begun_ = false;
    }

private:
    z_stream stream_{};
    bool good_, begun_ = false;
};

class ZstdPacker final : public Packer {
public:
    ZstdPacker() : stream_(ZSTD_createCStream()) {}
    ~ZstdPacker() override { ZSTD_freeCStream(stream_); }
    Status pack(const char* data, std::size_t size, bool end, Buffer& out) override
    {
        if (!stream_)
            return fail(JF_E_EXHAUSTED, "out of memory for zstd");
        begun_ = begun_ || size > 0;
        if (!begun_)
            return {};
        ZSTD_inBuffer in{data, size, 0};
        std::size_t left = 0;
        do {
            const std::size_t room = ZSTD_CStreamOutSize();
            ZSTD_outBuffer to{out.room(room), room, 0};
            left = ZSTD_compressStream2(stream_, &to, &in, end ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left))
                return fail(JF_E_FAILED, std::string("zstd: ") + ZSTD_getErrorName(left));
            out.advance(to.pos);
        } while (in.pos < in.size || (end && left > 0));
        begun_ = begun_ && !end;
        return {};
    }
    void reset() override
    {
        ZSTD_CCtx_reset(stream_, ZSTD_reset_session_only);
        begun_ = false;
    }

private:
    ZSTD_CStream* stream_;
    bool begun_ = false;
};

} // namespace

Result<std::unique_ptr<Encoder>> make_encoder(Format format, const Schema& schema, const CsvStyle& style)
{
    if (format != Format::csv)
        return std::unique_ptr<Encoder>(std::make_unique<JsonEncoder>(schema, format == Format::json));
    for (const Field& field : schema.fields) {
        const DataType* type = &field.type;
        while (type->type == Type::dictionary || type->type == Type::run_end_encoded)
            type = &type->children[1].type;
        if (!type->children.empty() || type->type == Type::structure)
            return fail(JF_E_DATA, "CSV cannot hold column '" + field.name + "' of " + field.type.text() + "; write NDJSON or Parquet, or select parts of it");
    }
    return std::unique_ptr<Encoder>(std::make_unique<CsvEncoder>(schema, style));
}

std::unique_ptr<Packer> make_packer(Compression compression)
{
    if (compression == Compression::gzip)
        return std::make_unique<GzipPacker>();
    if (compression == Compression::zstd)
        return std::make_unique<ZstdPacker>();
    return std::make_unique<PlainPacker>();
}

} // namespace jackfield::files
