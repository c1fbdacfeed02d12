// The kernels: typed loops down one column, straight into the buffers of an Arrow column.
#include "fields.hpp"

#include "utf8.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace jackfield::files {

void FieldRules::prepare()
{
    null_lengths = 0;
    for (const std::string& null : nulls)
        null_lengths |= std::uint64_t{1} << std::min<std::size_t>(null.size(), 63);
}

namespace {

[[nodiscard]] std::string_view trimmed(std::string_view field)
{
    while (!field.empty() && (field.front() == ' ' || field.front() == '\t'))
        field.remove_prefix(1);
    while (!field.empty() && (field.back() == ' ' || field.back() == '\t'))
        field.remove_suffix(1);
    return field;
}

/// What is inside of the quotes of `field`, which starts with one; text after the closing quote is added as it is.
void unquote(std::string_view field, const Dialect& dialect, std::string& out)
{
    bool inside = true;
    for (std::size_t i = 1; i < field.size(); ++i) {
        const char c = field[i];
        if (dialect.escape && c == dialect.escape && i + 1 < field.size()) {
            out += field[++i];
        } else if (inside && c == dialect.quote) {
            if (i + 1 < field.size() && field[i + 1] == dialect.quote)
                out += field[++i];
            else
                inside = false;
        } else {
            out += c;
        }
    }
}

} // namespace

Content clean_field(std::string_view field, const FieldRules& rules, std::string& scratch)
{
    const Dialect& dialect = rules.dialect;
    if (dialect.trim)
        field = trimmed(field);
    const bool quoted = dialect.quote && !field.empty() && field.front() == dialect.quote;
    const bool escaped = dialect.escape && field.find(dialect.escape) != field.npos;
    if (!quoted && !escaped)
        return {field, false};
    if (quoted && !escaped && field.size() >= 2 && field.find(dialect.quote, 1) == field.size() - 1)
        return {field.substr(1, field.size() - 2), true};
    scratch.clear();
    scratch.reserve(field.size() + text_padding);
    if (quoted) {
        unquote(field, dialect, scratch);
    } else {
        for (std::size_t i = 0; i < field.size(); ++i)
            scratch += field[i] == dialect.escape && i + 1 < field.size() ? field[++i] : field[i];
    }
    return {scratch, quoted};
}

/// The kernels proper; a struct, so that one friend declaration does.
struct Kernels {
    /// Keeps validity bits only where there are nulls.
    class Validity {
    public:
        Validity(FieldReader& reader, ColumnBuilder& column, std::size_t rows) : reader_(reader), column_(column), rows_(rows)
        {
            if (reader_.tracks_nulls_)
                open();
        }
        void null(std::size_t row)
        {
            if (!bits_)
                open();
            const auto at = static_cast<std::size_t>(column_.length()) + row;
            bits_[at >> 3] = static_cast<std::uint8_t>(bits_[at >> 3] & ~(1u << (at & 7)));
            ++reader_.nulls_;
        }
        void done() { column_.set_length(column_.length() + static_cast<std::int64_t>(rows_), reader_.nulls_); }

    private:
        void open()
        {
            bits_ = column_.validity();
            reader_.tracks_nulls_ = true;
            auto at = static_cast<std::size_t>(column_.length());
            const std::size_t end = at + rows_;
            for (; at < end && (at & 7) != 0; ++at)
                bits_[at >> 3] = static_cast<std::uint8_t>(bits_[at >> 3] | 1u << (at & 7));
            if (at < end)
                std::memset(bits_ + at / 8, 0xFF, (end - at + 7) / 8);
        }

        FieldReader& reader_;
        ColumnBuilder& column_;
        std::size_t rows_;
        std::uint8_t* bits_ = nullptr;
    };

    template <bool plain>
    [[nodiscard]] static Content field_at(FieldReader& reader, const FieldRun& run, const std::uint32_t* end)
    {
        const std::uint32_t from = end[-1] + 1;
        std::uint32_t to = *end;
        if (run.last && to > from && run.text[to - 1] == '\r')
            --to;
        const std::string_view field(run.text + from, to - from);
        if constexpr (plain)
            return {field, false};
        else
            return clean_field(field, *reader.rules_, reader.scratch_);
    }

    /// Fixed-width values by `parse(reader, text, length, T&)`.
    template <class T, auto parse, bool plain>
    static void fixed(FieldReader& reader, const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        column.reserve(static_cast<std::int64_t>(run.rows));
        T* const out = column.values<T>() + column.length();
        Validity validity(reader, column, run.rows);
        const std::uint32_t* end = run.ends;
        for (std::size_t row = 0; row < run.rows; ++row, end += run.stride) {
            const Content field = field_at<plain>(reader, run, end);
            const Parsed parsed = parse(reader, field.text.data(), field.text.size(), out[row]);
            if (parsed == Parsed::ok) [[likely]]
                continue;
            out[row] = T{};
            if (!reader.rules_->is_null(field.text))
                faults.push_back({static_cast<std::uint32_t>(row), reader.number_, parsed});
            validity.null(row);
        }
        validity.done();
    }

    template <class T, auto parse>
    static void any_fixed(FieldReader& reader, const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        (run.plain ? fixed<T, parse, true> : fixed<T, parse, false>)(reader, run, column, faults);
    }

    template <class T>
    static Parsed integer(FieldReader&, const char* text, std::size_t length, T& out)
    {
        return parse_integer<T>(text, length, out);
    }
    static Parsed decimal(FieldReader& reader, const char* text, std::size_t length, Int128& out)
    {
        return parse_decimal(text, length, reader.precision_, reader.scale_, out);
    }
    static Parsed float64(FieldReader&, const char* text, std::size_t length, double& out) { return parse_double(text, length, out); }
    static Parsed float32(FieldReader&, const char* text, std::size_t length, float& out) { return parse_float(text, length, out); }
    static Parsed date32(FieldReader&, const char* text, std::size_t length, std::int32_t& out) { return parse_date(text, length, out); }
    static Parsed date64(FieldReader&, const char* text, std::size_t length, std::int64_t& out)
    {
        std::int32_t days = 0;
        const Parsed parsed = parse_date(text, length, days);
        out = std::int64_t{days} * 86'400'000;
        return parsed;
    }
    static Parsed time64(FieldReader& reader, const char* text, std::size_t length, std::int64_t& out)
    {
        return parse_time(text, length, reader.per_second_, out);
    }
    static Parsed time32(FieldReader& reader, const char* text, std::size_t length, std::int32_t& out)
    {
        std::int64_t value = 0;
        const Parsed parsed = parse_time(text, length, reader.per_second_, value);
        out = static_cast<std::int32_t>(value);
        return parsed;
    }
    static Parsed timestamp(FieldReader& reader, const char* text, std::size_t length, std::int64_t& out)
    {
        return parse_timestamp(text, length, reader.per_second_, reader.zone_, out);
    }

    static void boolean(FieldReader& reader, const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        column.reserve(static_cast<std::int64_t>(run.rows));
        std::uint8_t* const bits = column.values();
        Validity validity(reader, column, run.rows);
        const std::uint32_t* end = run.ends;
        auto at = static_cast<std::size_t>(column.length());
        for (std::size_t row = 0; row < run.rows; ++row, ++at, end += run.stride) {
            const Content field = run.plain ? field_at<true>(reader, run, end) : field_at<false>(reader, run, end);
            bool value = false;
            // A null spelling such as "n" or "0" goes before the value of that spelling.
            const bool null = !field.quoted && reader.rules_->is_null(field.text);
            const Parsed parsed = null ? Parsed::ok : parse_boolean(field.text, false, value);
            if (null || parsed != Parsed::ok)
                validity.null(row);
            if (parsed != Parsed::ok && !(field.quoted && reader.rules_->is_null(field.text)))
                faults.push_back({static_cast<std::uint32_t>(row), reader.number_, parsed});
            const auto mask = static_cast<std::uint8_t>(1u << (at & 7));
            const std::uint8_t byte = (at & 7) == 0 ? std::uint8_t{0} : bits[at >> 3];
            bits[at >> 3] = static_cast<std::uint8_t>(value ? byte | mask : byte & ~mask);
        }
        validity.done();
    }

    /// Text and binary. A quoted field is never null.
    template <class Offset, bool is_text, bool plain>
    static void text(FieldReader& reader, const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        column.reserve(static_cast<std::int64_t>(run.rows));
        Offset* const offsets = column.offsets<Offset>() + column.length();
        Validity validity(reader, column, run.rows);
        const std::uint32_t* end = run.ends;
        const std::size_t span = run.ends[(run.rows - 1) * run.stride] - run.ends[-1];
        char* out = column.text_room(span + text_padding);
        const char* const start = out;
        const Offset base = offsets[0];
        for (std::size_t row = 0; row < run.rows; ++row, end += run.stride) {
            const Content field = field_at<plain>(reader, run, end);
            const std::size_t length = field.text.size();
            if (reader.rules_->is_null(field.text) && !field.quoted) {
                validity.null(row);
            } else if (is_text && run.check_utf8 && !valid_utf8(field.text.data(), length)) {
                validity.null(row);
                faults.push_back({static_cast<std::uint32_t>(row), reader.number_, Parsed::encoding});
            } else {
                if (length <= 32 && plain) [[likely]]
                    std::memcpy(out, field.text.data(), 32); // both sides have room
                else if (length)
                    std::memcpy(out, field.text.data(), length);
                out += length;
            }
            offsets[row + 1] = static_cast<Offset>(base + (out - start));
        }
        validity.done();
    }

    template <class Offset, bool is_text>
    static void any_text(FieldReader& reader, const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        (run.plain ? text<Offset, is_text, true> : text<Offset, is_text, false>)(reader, run, column, faults);
    }

    [[nodiscard]] static FieldReader::Kernel of(Type type)
    {
        switch (type) {
        case Type::boolean: return boolean;
        case Type::int8: return any_fixed<std::int8_t, integer<std::int8_t>>;
        case Type::int16: return any_fixed<std::int16_t, integer<std::int16_t>>;
        case Type::int32: return any_fixed<std::int32_t, integer<std::int32_t>>;
        case Type::int64: return any_fixed<std::int64_t, integer<std::int64_t>>;
        case Type::uint8: return any_fixed<std::uint8_t, integer<std::uint8_t>>;
        case Type::uint16: return any_fixed<std::uint16_t, integer<std::uint16_t>>;
        case Type::uint32: return any_fixed<std::uint32_t, integer<std::uint32_t>>;
        case Type::uint64: return any_fixed<std::uint64_t, integer<std::uint64_t>>;
        case Type::float32: return any_fixed<float, float32>;
        case Type::float64: return any_fixed<double, float64>;
        case Type::decimal128: return any_fixed<Int128, decimal>;
        case Type::date32: return any_fixed<std::int32_t, date32>;
        case Type::date64: return any_fixed<std::int64_t, date64>;
        case Type::time32: return any_fixed<std::int32_t, time32>;
        case Type::time64: return any_fixed<std::int64_t, time64>;
        case Type::timestamp: return any_fixed<std::int64_t, timestamp>;
        case Type::utf8: return any_text<std::int32_t, true>;
        case Type::large_utf8: return any_text<std::int64_t, true>;
        case Type::binary: return any_text<std::int32_t, false>;
        case Type::large_binary: return any_text<std::int64_t, false>;
        default: return nullptr;
        }
    }
};

Result<FieldReader> FieldReader::make(const DataType& type, const FieldRules* rules, std::uint32_t number)
{
    FieldReader out;
    out.kernel_ = Kernels::of(type.type);
    if (!out.kernel_ || (type.type == Type::decimal128 && (type.scale < 0 || type.scale > type.precision)))
        return fail(JF_E_CONFIG, "CSV has no values of type " + type.text() + "; declare text, and cast it in a later step");
    constexpr std::int64_t per_second[] = {1, 1'000, 1'000'000, 1'000'000'000};
    out.rules_ = rules;
    out.number_ = number;
    out.precision_ = type.precision;
    out.scale_ = type.scale;
    out.per_second_ = per_second[static_cast<std::size_t>(type.unit)];
    out.zone_ = type.zone.empty() ? Zone::none : type.zone == "UTC" || type.zone == "+00:00" || type.zone == "Etc/UTC" ? Zone::utc : Zone::required;
    return out;
}

} // namespace jackfield::files
