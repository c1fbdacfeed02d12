// Records into columns. The fields of a record are looked for in the order of the record before, then by name.
#include "json_columns.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::files {
namespace {

[[nodiscard]] bool is_string(std::string_view token) { return token.size() >= 2 && token.front() == '"' && token.back() == '"'; }

/// Copies `length` bytes, mostly few. Both sides have text_padding bytes more.
inline void copy_short(char* out, const char* from, std::size_t length)
{
    if (length > 256) [[unlikely]] {
        std::memcpy(out, from, length);
        return;
    }
    std::memcpy(out, from, 16);
    for (std::size_t at = 16; at < length; at += 16)
        std::memcpy(out + at, from + at, 16);
}

/// Copies `length` bytes and tells whether no backslash is among them. Both sides have text_padding bytes more.
[[nodiscard]] inline bool copy_plain(char* out, const char* from, std::size_t length)
{
#if defined(__x86_64__)
    if (length <= 512) [[likely]] {
        const __m128i backslash = _mm_set1_epi8('\\');
        unsigned found = 0;
        std::size_t at = 0;
        for (;;) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
            _mm_storeu_si128(reinterpret_cast<__m128i*>(out + at), bytes);
            const auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, backslash)));
            at += 16;
            if (at >= length)
                return (found | (mask & (0xFFFFu >> (at - length)))) == 0;
            found |= mask;
        }
    }
#endif
    std::memcpy(out, from, length);
    return length == 0 || std::memchr(from, '\\', length) == nullptr;
}

[[nodiscard]] std::uint16_t load2(const char* text)
{
    std::uint16_t word;
    std::memcpy(&word, text, 2);
    return word;
}

[[nodiscard]] std::uint32_t load4(const char* text)
{
    std::uint32_t word;
    std::memcpy(&word, text, 4);
    return word;
}

/// 1 to 16 digits, perhaps with a sign, and no needless zeros before them.
[[nodiscard]] inline bool plain_integer(const char* text, std::size_t size, std::int64_t& out)
{
    const bool negative = *text == '-';
    const char* const digits = text + negative;
    const std::size_t count = size - negative;
    if (count - 1 > 15 || (*digits == '0' && count > 1))
        return false;
    const std::uint64_t high = left_padded(digits, count <= 8 ? count : count - 8), low = count <= 8 ? 0x3030303030303030u : load8(digits + count - 8);
    std::uint64_t value = eight_digits(high);
    if (count > 8)
        value = value * 100'000'000 + eight_digits(low);
    out = static_cast<std::int64_t>(negative ? 0 - value : value);
    return (not_digits(high) | not_digits(low)) == 0;
}

[[nodiscard]] std::string shown(std::string_view text) { return std::string(text.substr(0, 60)) + (text.size() > 60 ? "…" : ""); }

} // namespace

Result<JsonColumns> JsonColumns::make(BatchBuilder& builder, UnknownField unknown)
{
    constexpr std::int64_t per_second[] = {1, 1'000, 1'000'000, 1'000'000'000};
    JsonColumns out;
    out.builder_ = &builder;
    out.unknown_ = unknown;
    for (std::size_t i = 0; i < builder.columns(); ++i) {
        const Field& field = builder.schema()[i];
        const DataType& type = field.type;
        Column column{};
        column.name = field.name;
        column.type = type.type;
        column.number = static_cast<std::uint32_t>(i);
        column.nested = !type.children.empty() || type.type == Type::structure;
        if (type.type == Type::null || type.type == Type::dictionary || type.type == Type::run_end_encoded || type.type == Type::duration
            || type.type == Type::interval_month_day_nano || type.type == Type::utf8_view || type.type == Type::binary_view || type.type == Type::fixed_binary)
            return fail(JF_E_CONFIG, "JSON has no values of type " + type.text() + "; declare text, and cast it in a later step", "columns." + field.name);
        const bool escaped = std::any_of(field.name.begin(), field.name.end(), [](unsigned char c) { return c == '"' || c == '\\' || c < ' '; });
        column.start = Start(escaped ? "\xFF" : '"' + field.name + "\":"); // what JSON spells otherwise is looked for by name
        column.ending[0] = '"';
        column.ending[1] = i + 1 == builder.columns() ? '}' : ',';
        column.precision = type.precision;
        column.scale = type.scale;
        column.per_second = per_second[static_cast<std::size_t>(type.unit)];
        column.zone = type.zone.empty() ? Zone::none : type.zone == "UTC" || type.zone == "+00:00" || type.zone == "Etc/UTC" ? Zone::utc : Zone::required;
        out.by_name_.emplace(field.name, i);
        out.columns_.push_back(std::move(column));
    }
    return out;
}

JsonColumns::Start::Start(std::string_view text) : size_(static_cast<std::uint32_t>(std::min<std::size_t>(text.size(), 16))), rest_(text.substr(size_))
{
    std::memcpy(first_, text.data(), size_);
    counts_ = (1U << size_) - 1;
}

void JsonColumns::begin(std::size_t rows, std::string_view text)
{
    const std::size_t bytes = text.size();
    escapes_ = std::memchr(text.data(), '\\', bytes) != nullptr;
    base_ = static_cast<std::size_t>(builder_->rows());
    row_ = 0;
    room_ = rows;
    for (Column& column : columns_) {
        if (column.nested)
            continue;
        ColumnBuilder& target = builder_->column(column.number);
        target.reserve(static_cast<std::int64_t>(rows));
        switch (column.type) {
        case Type::utf8: case Type::binary:
            column.values = reinterpret_cast<std::uint8_t*>(target.offsets<std::int32_t>() + base_);
            column.data = target.text_room(bytes + text_padding) - *reinterpret_cast<std::int32_t*>(column.values);
            break;
        case Type::large_utf8: case Type::large_binary:
            column.values = reinterpret_cast<std::uint8_t*>(target.offsets<std::int64_t>() + base_);
            column.data = target.text_room(bytes + text_padding) - *reinterpret_cast<std::int64_t*>(column.values);
            break;
        case Type::boolean: column.values = target.values(); break; // bits have no address of their own
        default: column.values = target.values() + base_ * value_width(target.type()); break;
        }
        column.validity = nullptr;
        if (column.tracks_nulls)
            open_validity(column);
    }
}

void JsonColumns::open_validity(Column& column)
{
    column.validity = builder_->column(column.number).validity();
    column.tracks_nulls = true;
    for (std::size_t at = base_; at < base_ + room_; ++at) {
        if ((at & 7) == 0 && at + 8 <= base_ + room_) {
            std::memset(column.validity + at / 8, 0xFF, (base_ + room_ - at) / 8);
            at += (base_ + room_ - at) / 8 * 8 - 1;
            continue;
        }
        column.validity[at >> 3] = static_cast<std::uint8_t>(column.validity[at >> 3] | 1u << (at & 7));
    }
}

void JsonColumns::put_null(Column& column)
{
    if (column.nested) {
        builder_->column(column.number).append_null();
        return;
    }
    if (!column.validity)
        open_validity(column);
    const std::size_t at = base_ + row_;
    column.validity[at >> 3] = static_cast<std::uint8_t>(column.validity[at >> 3] & ~(1u << (at & 7)));
    ++column.nulls;
    switch (column.type) {
    case Type::utf8: case Type::binary: {
        auto* offsets = reinterpret_cast<std::int32_t*>(column.values) + row_;
        offsets[1] = offsets[0];
        break;
    }
    case Type::large_utf8: case Type::large_binary: {
        auto* offsets = reinterpret_cast<std::int64_t*>(column.values) + row_;
        offsets[1] = offsets[0];
        break;
    }
    case Type::boolean: column.values[at >> 3] = static_cast<std::uint8_t>((at & 7) == 0 ? 0 : column.values[at >> 3] & ~(1u << (at & 7))); break;
    default: {
        const std::size_t width = value_width(builder_->schema()[column.number].type);
        std::memset(column.values + row_ * width, 0, width);
        break;
    }
    }
}

void JsonColumns::end()
{
    for (Column& column : columns_)
        if (!column.nested)
            builder_->column(column.number).set_length(static_cast<std::int64_t>(base_ + row_), column.nulls);
    builder_->set_rows(static_cast<std::int64_t>(base_ + row_));
}

void JsonColumns::start_batch()
{
    for (Column& column : columns_) {
        column.nulls = 0;
        column.tracks_nulls = false;
        column.validity = nullptr;
    }
}

JsonColumns::Column* JsonColumns::find(std::string_view token)
{
    scratch_.clear();
    if (!is_string(token) || !unescape_json(token, scratch_))
        return nullptr;
    const auto found = by_name_.find(scratch_);
    return found == by_name_.end() ? nullptr : &columns_[found->second];
}

template <class T>
inline bool JsonColumns::put_integer(Column& column, std::string_view token)
{
    T value{};
    const char* text = token.data();
    std::size_t size = token.size();
    if (*text == '"') {
        ++text, size -= 2;
    } else if ((*text == '0' && size > 1) || *text == '+' || (*text == '-' && size > 2 && text[1] == '0')) [[unlikely]] {
        return refuse_value(column, Parsed::malformed, token);
    }
    const Parsed parsed = parse_integer<T>(text, size, value);
    return put(column, parsed, value, token);
}

template <class Offset>
inline bool JsonColumns::put_text(Column& column, std::string_view token)
{
    auto* offsets = reinterpret_cast<Offset*>(column.values) + row_;
    char* out = column.data + offsets[0];
    if (is_string(token)) [[likely]] {
        const std::size_t length = token.size() - 2;
        if (copy_plain(out, token.data() + 1, length)) [[likely]] {
            offsets[1] = static_cast<Offset>(offsets[0] + static_cast<Offset>(length));
            return true;
        }
        scratch_.clear();
        if (!unescape_json(token, scratch_))
            return refuse(column.name, "json", "the string holds an escape that JSON does not have");
        token = scratch_;
    }
    std::memcpy(out, token.data(), token.size());
    offsets[1] = static_cast<Offset>(offsets[0] + static_cast<Offset>(token.size()));
    return true;
}

inline bool JsonColumns::store(Column& column, const JsonTokens& tokens, std::size_t i, std::size_t next)
{
    const std::string_view token = tokens.between(i, next);
    switch (column.type) {
    case Type::utf8:
        if (token.front() == '"') [[likely]]
            return put_text<std::int32_t>(column, token);
        break;
    case Type::int64:
        if (token.front() != 'n') [[likely]]
            return put_integer<std::int64_t>(column, token);
        break;
    case Type::int32:
        if (token.front() != 'n') [[likely]]
            return put_integer<std::int32_t>(column, token);
        break;
    case Type::float64: {
        double value = 0;
        if (parse_json_double(token.data(), token.size(), value) == Parsed::ok) [[likely]] {
            reinterpret_cast<double*>(column.values)[row_] = value;
            return true;
        }
        break;
    }
    case Type::boolean:
        if (token == "true" || token == "false") {
            put_boolean(column, token.size() == 4);
            return true;
        }
        break;
    case Type::timestamp: {
        std::int64_t value = 0;
        if (token.size() > 2 && token.front() == '"'
            && parse_timestamp(token.data() + 1, token.size() - 2, column.per_second, column.zone, value) == Parsed::ok) [[likely]] {
            reinterpret_cast<std::int64_t*>(column.values)[row_] = value;
            return true;
        }
        break;
    }
    default: break;
    }
    return store_other(column, tokens, i, next, token);
}

bool JsonColumns::store_other(Column& column, const JsonTokens& tokens, std::size_t i, std::size_t next, std::string_view token)
{
    const char first = token.front();
    if (first == 'n' && token == "null") {
        put_null(column);
        return true;
    }
    if (column.nested) {
        const std::string wrong = append_json(builder_->column(column.number), tokens, i, next);
        return wrong.empty() || refuse(column.name, "type", wrong);
    }
    switch (column.type) {
    case Type::int8: return put_integer<std::int8_t>(column, token);
    case Type::int16: return put_integer<std::int16_t>(column, token);
    case Type::int32: return put_integer<std::int32_t>(column, token);
    case Type::int64: return put_integer<std::int64_t>(column, token);
    case Type::uint8: return put_integer<std::uint8_t>(column, token);
    case Type::uint16: return put_integer<std::uint16_t>(column, token);
    case Type::uint32: return put_integer<std::uint32_t>(column, token);
    case Type::uint64: return put_integer<std::uint64_t>(column, token);
    case Type::utf8: case Type::large_utf8:
        // A number, a word, an object or a list stays as it is written.
        if (first != '"' && skip_json_value(tokens, i) != next)
            return refuse_value(column, Parsed::malformed, token);
        return column.type == Type::utf8 ? put_text<std::int32_t>(column, token) : put_text<std::int64_t>(column, token);
    case Type::binary: return is_string(token) ? put_text<std::int32_t>(column, token) : refuse_value(column, Parsed::malformed, token);
    case Type::large_binary: return is_string(token) ? put_text<std::int64_t>(column, token) : refuse_value(column, Parsed::malformed, token);
    default: break;
    }
    std::string_view text = token;
    if (is_string(token)) {
        text = token.substr(1, token.size() - 2);
        if (text.find('\\') != text.npos) {
            scratch_.clear();
            if (!unescape_json(token, scratch_))
                return refuse(column.name, "json", "the string holds an escape that JSON does not have");
            scratch_.reserve(scratch_.size() + text_padding);
            text = scratch_;
        }
    } else if (!valid_json_number(token)) {
        return refuse_value(column, Parsed::malformed, token);
    }
    if (column.type == Type::float64) {
        double value = 0;
        const Parsed parsed = parse_double(text.data(), text.size(), value);
        return put(column, parsed, value, token);
    }
    if (column.type == Type::float32) {
        float value = 0;
        const Parsed parsed = parse_float(text.data(), text.size(), value);
        return put(column, parsed, value, token);
    }
    if (column.type == Type::decimal128) {
        Int128 value = 0;
        const Parsed parsed = parse_decimal(text.data(), text.size(), column.precision, column.scale, value);
        return put(column, parsed, value, token);
    }
    return first == '"' ? store_time(column, text, token) : refuse_value(column, Parsed::malformed, token);
}

bool JsonColumns::store_time(Column& column, std::string_view text, std::string_view token)
{
    std::int64_t wide = 0;
    std::int32_t days = 0;
    Parsed parsed = Parsed::malformed;
    switch (column.type) {
    case Type::timestamp:
        parsed = parse_timestamp(text.data(), text.size(), column.per_second, column.zone, wide);
        return put(column, parsed, wide, token);
    case Type::date32: parsed = parse_date(text.data(), text.size(), days); return put(column, parsed, days, token);
    case Type::date64: parsed = parse_date(text.data(), text.size(), days); return put(column, parsed, std::int64_t{days} * 86'400'000, token);
    case Type::time64: parsed = parse_time(text.data(), text.size(), column.per_second, wide); return put(column, parsed, wide, token);
    case Type::time32:
        parsed = parse_time(text.data(), text.size(), column.per_second, wide);
        return put(column, parsed, static_cast<std::int32_t>(wide), token);
    default: return refuse_value(column, Parsed::malformed, token); // a boolean
    }
}

/// What most values are: not null, without escapes, as JSON writes the column's type, and right before the comma or brace at
/// `end`. False: nothing was stored, look closer.
template <bool escapes>
inline bool JsonColumns::store_plain(Column& column, const char* value, const char* end)
{
    const auto size = static_cast<std::size_t>(end - value);
    // A token that starts with a quote is a string, and is closed: else the index had failed.
    const auto is_text = [&] { return (*value == '"') & (load2(end - 1) == load2(column.ending)); };
    const bool ends = *end == column.ending[1];
    switch (column.type) {
    case Type::utf8: {
        if (!is_text())
            return false;
        auto* const offsets = reinterpret_cast<std::int32_t*>(column.values) + row_;
        if constexpr (!escapes)
            copy_short(column.data + offsets[0], value + 1, size - 2);
        else if (!copy_plain(column.data + offsets[0], value + 1, size - 2))
            return false;
        offsets[1] = static_cast<std::int32_t>(offsets[0] + static_cast<std::int32_t>(size - 2));
        return true;
    }
    case Type::int64: return ends && plain_integer(value, size, reinterpret_cast<std::int64_t*>(column.values)[row_]);
    case Type::int32: {
        std::int64_t wide = 0;
        const bool plain = ends && plain_integer(value, size, wide) && wide == static_cast<std::int32_t>(wide);
        reinterpret_cast<std::int32_t*>(column.values)[row_] = static_cast<std::int32_t>(wide);
        return plain;
    }
    case Type::float64: return ends && parse_json_double(value, size, reinterpret_cast<double*>(column.values)[row_]) == Parsed::ok;
    case Type::boolean: { // without a branch on which of the two it is: that is what no processor foresees
        const bool yes = (size == 4) & (load4(value) == load4("true")), no = (size == 5) & (load4(value) == load4("fals")) & (value[4] == 'e');
        put_boolean(column, yes);
        return ends & (yes | no);
    }
    case Type::timestamp:
        return is_text() && parse_timestamp(value + 1, size - 2, column.per_second, column.zone, reinterpret_cast<std::int64_t*>(column.values)[row_]) == Parsed::ok;
    default: return false;
    }
}

/// Stores the fields of a record as long as they are written in the order of the columns and without needless white space, as
/// nearly all are; how many were. All of them: the closing brace was there too. Requires: four places for each column.
template <bool escapes>
inline std::size_t JsonColumns::add_in_order(const JsonTokens& tokens, std::size_t i)
{
    const char* const text = tokens.text;
    const std::uint32_t* places = tokens.places + i; // of name, colon, value, comma or brace
    Column* const first = columns_.data();
    Column* const last = first + columns_.size();
    Column* column = first;
    for (; column != last; ++column, places += 4) {
        const char* const value = text + places[2];
        const char* const end = text + places[3];
        if (!column->start.of(text + places[0])) [[unlikely]]
            break;
        if (!store_plain<escapes>(*column, value, end)) [[unlikely]] {
            if (end - value != 4 || load4(value) != load4("null") || *end != column->ending[1])
                break;
            put_null(*column);
        }
    }
    return static_cast<std::size_t>(column - first);
}

bool JsonColumns::add(const JsonTokens& tokens, std::size_t& i)
{
    ++record_;
    if (!tokens.has(i) || tokens.at(i) != '{')
        return refuse({}, "json", "the record is no JSON object");
    if (!tokens.has(i + 1))
        return refuse({}, "json", "the record ends inside of its object");
    const std::size_t all = columns_.size();
    if (i + 1 + 4 * all > tokens.count || all == 0 || !tokens.has(4 * all + i)) [[unlikely]]
        return add_in_any_order(tokens, ++i, 0);
    ++i;
    const std::size_t filled = escapes_ ? add_in_order<true>(tokens, i) : add_in_order<false>(tokens, i);
    i += 4 * filled;
    if (filled != all || tokens.has(i)) [[unlikely]]
        return add_in_any_order(tokens, i, filled);
    ++row_;
    return true;
}

/// The record from its field at token i on: it has `filled` fields before that, for the first columns.
bool JsonColumns::add_in_any_order(const JsonTokens& tokens, std::size_t& i, std::size_t filled)
{
    const char* const text = tokens.text;
    Column* expected = columns_.data() + filled;
    Column* const last = columns_.data() + columns_.size();
    for (Column* column = columns_.data(); column != expected; ++column)
        column->seen = record_;
    bool more = filled != columns_.size() || filled == 0;
    if (filled == 0 && tokens.at(i) == '}')
        more = false, ++i;
    while (more) {
        const std::uint32_t* const places = tokens.places + i; // of name, colon, value
        if (places[2] >= tokens.end || text[places[0]] != '"' || text[places[1]] != ':') [[unlikely]]
            return wrong_name(tokens, i) || undo();
        Column* column = expected;
        if (expected == last || !expected->start.of(text + places[0])) [[unlikely]]
            column = find(tokens.between(i, i + 1));
        const char first = text[places[2]];
        const std::size_t next = first == '{' || first == '[' ? skip_json_value(tokens, i + 2) : i + 3;
        if (next == 0 || !tokens.has(next)) [[unlikely]]
            return refuse({}, "json", "the record ends inside of its object, or a value in it is no JSON") || undo();
        const char separator = tokens.at(next);
        more = separator == ',';
        if (!more && separator != '}') [[unlikely]]
            return refuse({}, "json", "a comma or brace is expected after '" + shown(tokens.between(i + 2, next)) + "'") || undo();
        if (column) [[likely]] {
            if (column->seen == record_) [[unlikely]]
                return refuse(column->name, "json", "the field is there twice") || undo();
            column->seen = record_;
            expected = column + 1;
            ++filled;
            if (!store(*column, tokens, i + 2, next)) [[unlikely]]
                return undo();
        } else if (!skip_unknown(tokens, i, next)) {
            return undo();
        }
        i = next + 1;
    }
    if (filled != columns_.size()) [[unlikely]]
        for (Column& column : columns_)
            if (column.seen != record_)
                put_null(column);
    if (tokens.has(i)) [[unlikely]]
        return refuse({}, "json", "more text stands after the object: '" + shown(tokens.between(i, i + 1)) + "'") || undo();
    ++row_;
    return true;
}

bool JsonColumns::wrong_name(const JsonTokens& tokens, std::size_t i)
{
    return refuse({}, "json", tokens.has(i + 2) ? "a name and a colon are expected near '" + shown(tokens.between(i, i + 1)) + "'" : "the record ends inside of its object");
}

bool JsonColumns::skip_unknown(const JsonTokens& tokens, std::size_t i, std::size_t next)
{
    if (unknown_ == UnknownField::refuse)
        return refuse({}, "field", "there is no column for field " + shown(tokens.between(i, i + 1)) + "; declare columns, or raise sample");
    return skip_json_value(tokens, i + 2) == next || refuse({}, "json", "'" + shown(tokens.between(i + 2, next)) + "' is no JSON");
}

/// Takes back what the unfinished record wrote.
bool JsonColumns::undo()
{
    const std::size_t at = base_ + row_;
    for (Column& column : columns_) {
        if (column.nested) {
            builder_->column(column.number).truncate(static_cast<std::int64_t>(at));
            builder_->column(column.number).forget_error();
        } else if (column.validity && (column.validity[at >> 3] >> (at & 7) & 1) == 0) {
            column.validity[at >> 3] = static_cast<std::uint8_t>(column.validity[at >> 3] | 1u << (at & 7));
            --column.nulls;
        }
    }
    return false;
}

bool JsonColumns::refuse_value(const Column& column, Parsed parsed, std::string_view token)
{
    const char* why = parsed == Parsed::range ? " is too large for " : parsed == Parsed::inexact ? " has more digits than fit "
        : parsed == Parsed::zone                ? " has the wrong zone for "
                                                : " is no value of ";
    const char* code = parsed == Parsed::range ? "range" : parsed == Parsed::inexact ? "inexact" : "type";
    return refuse(column.name, code, shown(token) + why + builder_->schema()[column.number].type.text());
}

bool JsonColumns::refuse(std::string_view column, std::string_view code, std::string message)
{
    fault_ = {column, code, std::move(message)};
    return false;
}

} // namespace jackfield::files
