// Positions as bytes.
#include "position.hpp"

#include "support/decode/input.hpp"

#include <jackfield/sdk/arrow/spelling.hpp>

#include <cstring>

namespace jackfield::http {
namespace {

constexpr std::size_t most_schema = 20 << 10, most_text = 2 << 10;

/// Puts numbers and texts one behind the other.
class Packing {
public:
    void number(std::uint64_t value)
    {
        for (; value >= 0x80; value >>= 7)
            out += static_cast<char>(value | 0x80);
        out += static_cast<char>(value);
    }
    void fixed(std::uint64_t value)
    {
        for (int shift = 0; shift < 64; shift += 8)
            out += static_cast<char>(value >> shift);
    }
    void text(std::string_view value)
    {
        number(value.size());
        out += value;
    }
    std::string out;
};

/// Takes them off again; once something is missing, everything after it is empty and good() false.
class Unpacking {
public:
    explicit Unpacking(std::string_view bytes) : left_(bytes) {}
    std::uint64_t number()
    {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64 && !left_.empty(); shift += 7) {
            const auto byte = static_cast<unsigned char>(left_.front());
            left_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if (byte < 0x80)
                return value;
        }
        good_ = false;
        return 0;
    }
    std::uint64_t fixed()
    {
        std::uint64_t value = 0;
        if (left_.size() < 8) {
            good_ = false;
            return 0;
        }
        for (int i = 0; i < 8; ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(left_[static_cast<std::size_t>(i)])) << (8 * i);
        left_.remove_prefix(8);
        return value;
    }
    std::string text()
    {
        const std::uint64_t size = number();
        if (size > left_.size()) {
            good_ = false;
            return {};
        }
        std::string out(left_.substr(0, size));
        left_.remove_prefix(size);
        return out;
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool done() const { return good_ && left_.empty(); }

private:
    std::string_view left_;
    bool good_ = true;
};

void pack(Packing& to, const std::optional<CursorValue>& value)
{
    to.number(value ? 1 + static_cast<std::uint64_t>(value->kind) : 0);
    if (!value)
        return;
    to.fixed(static_cast<std::uint64_t>(value->number));
    to.fixed(static_cast<std::uint64_t>(value->number >> 64));
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value->fraction, sizeof bits);
    to.fixed(bits);
    to.text(value->text);
    to.text(value->spelled);
}

[[nodiscard]] std::optional<CursorValue> unpack_value(Unpacking& from)
{
    const std::uint64_t kind = from.number();
    if (kind == 0 || kind > 3)
        return std::nullopt;
    CursorValue out;
    out.kind = static_cast<CursorValue::Kind>(kind - 1);
    const std::uint64_t low = from.fixed(), high = from.fixed(), bits = from.fixed();
    out.number = static_cast<Int128>(static_cast<std::int64_t>(high)) << 64 | static_cast<Int128>(low);
    std::memcpy(&out.fraction, &bits, sizeof bits);
    out.text = from.text();
    out.spelled = from.text();
    return out;
}

void pack(Packing& to, const CursorMark& mark)
{
    pack(to, mark.top);
    pack(to, mark.below);
    to.number(mark.at_top.size());
    for (const std::uint64_t digest : mark.at_top)
        to.fixed(digest);
}

[[nodiscard]] CursorMark unpack_mark(Unpacking& from)
{
    CursorMark out;
    out.top = unpack_value(from);
    out.below = unpack_value(from);
    const std::uint64_t count = from.number();
    for (std::uint64_t i = 0; i < count && i < CursorMark::most_at_top && from.good(); ++i)
        out.at_top.push_back(from.fixed());
    return out;
}

[[nodiscard]] std::string packed(const std::optional<Schema>& schema)
{
    Packing out;
    for (std::size_t i = 0; schema && i < schema->size(); ++i) {
        out.text((*schema)[i].name);
        out.text((*schema)[i].type.text());
    }
    return out.out.size() > most_schema ? std::string() : std::move(out.out);
}

} // namespace

std::string HttpPosition::bytes() const
{
    Packing out;
    out.out += format;
    out.number((ended ? 1u : 0u) | (in_page ? 2u : 0u));
    out.text(page);
    out.number(good);
    out.number(bad);
    pack(out, base);
    pack(out, seen);
    out.text(validator.etag.size() > most_text ? std::string_view() : std::string_view(validator.etag));
    out.text(validator.modified.size() > most_text ? std::string_view() : std::string_view(validator.modified));
    out.fixed(validator.url);
    out.text(packed(schema));
    out.fixed(files::digest_of(out.out));
    return std::move(out.out);
}

Result<HttpPosition> HttpPosition::parse(std::string_view bytes)
{
    const Error refused = fail(JF_E_POSITION, "the stored position is not one of this source; start over with --full-refresh");
    if (bytes.size() < 9 || bytes[0] != format || Unpacking(bytes.substr(bytes.size() - 8)).fixed() != files::digest_of(bytes.substr(0, bytes.size() - 8)))
        return refused;
    Unpacking from(bytes.substr(1, bytes.size() - 9));
    HttpPosition out;
    const std::uint64_t flags = from.number();
    out.ended = flags & 1;
    out.in_page = flags & 2;
    out.page = from.text();
    out.good = from.number();
    out.bad = from.number();
    out.base = unpack_mark(from);
    out.seen = unpack_mark(from);
    out.validator.etag = from.text();
    out.validator.modified = from.text();
    out.validator.url = from.fixed();
    const std::string columns = from.text();
    if (!from.done())
        return refused;
    Unpacking column(columns);
    Schema schema;
    while (!columns.empty() && !column.done()) {
        const std::string name = column.text();
        auto type = parse_type(column.text());
        if (!column.good() || !type)
            return refused;
        schema.fields.push_back({name, *std::move(type)});
    }
    if (schema.size() > 0)
        out.schema = std::move(schema);
    return out;
}

} // namespace jackfield::http
