// Encoders of text, bytes, JSON, enumerations and UUIDs.
#include "encode_parts.hpp"
#include "text_rows.hpp"

#include <jackfield/sdk/arrow/json.hpp>

namespace jackfield::postgres {
namespace {

/// Eight bytes at a time: whether all are ASCII and none is 0.
bool plain_ascii(const char* text, std::size_t size)
{
    constexpr std::uint64_t high = 0x8080808080808080U, ones = 0x0101010101010101U;
    std::uint64_t bad = 0;
    for (; size >= 8; text += 8, size -= 8) {
        std::uint64_t eight;
        std::memcpy(&eight, text, 8);
        bad |= (eight - ones) | eight; // a borrow can only come out of a byte that is 0 itself
    }
    for (; size > 0; ++text, --size)
        bad |= *text == 0 ? high : static_cast<unsigned char>(*text);
    return (bad & high) == 0;
}

/// The bytes of the multi-byte sequence at `text`, 0 if it is none (RFC 3629).
std::size_t sequence(const unsigned char* text, std::size_t left)
{
    const unsigned char lead = text[0];
    const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < size)
        return 0;
    for (std::size_t i = 1; i < size; ++i)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    const unsigned char second = text[1];
    const bool wrong = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
    return wrong ? 0 : size;
}

/// Text and bytes as they are, behind `prefix` (jsonb has its version there). `checked`: must be text.
class BytesEncoder final : public ColumnEncoder {
public:
    BytesEncoder(bool checked, std::string_view prefix) : checked_(checked), prefix_(prefix) {}
    void measure(const ColumnView& column, std::int64_t first, std::int64_t count, std::size_t* sizes, Faults& faults) override
    {
        const bool nulls = column.may_have_nulls() || column.indirect();
        const std::size_t head = 4 + prefix_.size();
        std::size_t total = 0;
        for (std::int64_t i = 0; i < count; ++i) {
            auto& value = values_[static_cast<std::size_t>(i)];
            if (nulls && column.is_null(first + i)) {
                value = std::string_view();
                sizes[i] += 4;
                continue;
            }
            value = column.text(first + i);
            total += value.size();
            sizes[i] += head + value.size();
        }
        if (checked_ && total > 0 && !plain_together(column, total, count))
            check(column, first, count, faults);
    }
    void write(const ColumnView& column, std::int64_t first, std::int64_t count, char** places) override
    {
        const bool nulls = column.may_have_nulls() || column.indirect();
        for (std::int64_t i = 0; i < count; ++i) {
            const std::string_view value = values_[static_cast<std::size_t>(i)];
            if (nulls && column.is_null(first + i)) {
                places[i] = put_be(places[i], std::int32_t(-1));
                continue;
            }
            char* at = put_be(places[i], static_cast<std::int32_t>(prefix_.size() + value.size()));
            if (!prefix_.empty())
                *at++ = prefix_[0];
            if (!value.empty())
                std::memcpy(at, value.data(), value.size());
            places[i] = at + value.size();
        }
    }

private:
    /// Where the values lie one behind the other, they are looked at in one go.
    [[nodiscard]] bool plain_together(const ColumnView& column, std::size_t total, std::int64_t count) const
    {
        if (column.type().type != Type::utf8 && column.type().type != Type::large_utf8)
            return false; // views and dictionaries need not be in order
        const auto last = static_cast<std::size_t>(count - 1);
        const char* begin = values_[0].data();
        return begin && values_[last].data() && begin + total == values_[last].data() + values_[last].size() && plain_ascii(begin, total);
    }
    void check(const ColumnView& column, std::int64_t first, std::int64_t count, Faults& faults) const
    {
        for (std::int64_t i = 0; i < count; ++i)
            if (const char* wrong = wrong_text(values_[static_cast<std::size_t>(i)]); *wrong && !column.is_null(first + i))
                add_fault(faults, first + i, wrong);
    }

    bool checked_;
    std::string_view prefix_;
    std::array<std::string_view, static_cast<std::size_t>(block_rows)> values_;
};

std::unique_ptr<ColumnEncoder> make_json(const DataType& from, Kind to)
{
    const std::string_view prefix = to == Kind::jsonb ? std::string_view("\x01", 1) : std::string_view();
    if (is_text(value_type(from).type))
        return std::make_unique<BytesEncoder>(true, prefix);
    if (from.type == Type::null)
        return nullptr;
    // Anything else as the value that JSON has for it.
    return made([prefix, json = std::make_shared<JsonValue>(from)](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
        out.append(prefix.data(), prefix.size());
        json->append(column, row, out);
        return *wrong_text({out.as<char>(), out.size()}) ? "holds text that is not UTF-8" : nullptr;
    });
}

int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// As uuid_in reads it: 32 digits, a '-' after any four of them, perhaps in braces.
const char* put_uuid(std::string_view text, Buffer& out)
{
    constexpr const char* wrong = "is no UUID";
    if (text.size() > 2 && text.front() == '{' && text.back() == '}')
        text = text.substr(1, text.size() - 2);
    char* to = reinterpret_cast<char*>(out.room(16));
    std::size_t digits = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '-' && digits > 0 && digits % 4 == 0 && digits < 32 && text[at - 1] != '-') {
            ++at;
            continue;
        }
        const int high = hex_digit(text[at]), low = at + 1 < text.size() ? hex_digit(text[at + 1]) : -1;
        if (high < 0 || low < 0 || digits == 32)
            return wrong;
        to[digits / 2] = static_cast<char>(high << 4 | low);
        digits += 2;
        at += 2;
    }
    if (digits != 32)
        return wrong;
    out.advance(16);
    return nullptr;
}

std::unique_ptr<ColumnEncoder> make_uuid(const DataType& from)
{
    const DataType& value = value_type(from);
    if (is_text(value.type))
        return made([](const ColumnView& column, std::int64_t row, Buffer& out) { return put_uuid(column.text(row), out); });
    if (!is_binary(value.type) || (value.type == Type::fixed_binary && value.width != 16))
        return nullptr;
    return made([](const ColumnView& column, std::int64_t row, Buffer& out) -> const char* {
        const std::string_view bytes = column.text(row);
        out.append(bytes.data(), bytes.size());
        return bytes.size() == 16 ? nullptr : "is no UUID: that has 16 bytes";
    });
}

} // namespace

const char* wrong_text(std::string_view text)
{
    if (plain_ascii(text.data(), text.size()))
        return "";
    const auto* at = reinterpret_cast<const unsigned char*>(text.data());
    for (std::size_t left = text.size(); left > 0;) {
        if (*at == 0)
            return "holds U+0000, which PostgreSQL's text cannot; remove it with a step";
        const std::size_t size = *at < 0x80 ? 1 : sequence(at, left);
        if (size == 0)
            return "holds bytes that are not UTF-8; say the encoding of the source, or use a column of type bytea";
        at += size;
        left -= size;
    }
    return "";
}

std::unique_ptr<ColumnEncoder> make_text_encoder(const DataType& from, Kind to)
{
    const DataType& value = value_type(from);
    switch (to) {
    case Kind::json: case Kind::jsonb: return make_json(from, to);
    case Kind::uuid: return make_uuid(from);
    case Kind::enumeration: return is_text(value.type) ? std::make_unique<BytesEncoder>(true, "") : nullptr;
    case Kind::bytea: return is_binary(value.type) ? std::make_unique<BytesEncoder>(false, "") : nullptr;
    case Kind::text: break;
    default: return nullptr;
    }
    if (is_text(value.type))
        return std::make_unique<BytesEncoder>(true, "");
    if (is_binary(value.type) || value.type == Type::null)
        return nullptr;
    return made([text = std::make_shared<ValueText>(from)](const ColumnView& column, std::int64_t row, Buffer& out) { return text->append(column, row, out); });
}

} // namespace jackfield::postgres
