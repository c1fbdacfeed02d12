// Bound: exact comparison of values with limits.
#include "bound.hpp"

#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>

namespace jackfield::checks {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Reads exactly `digits` digits; -1 if they are not there.
int take_digits(std::string_view& text, std::size_t digits)
{
    if (text.size() < digits)
        return -1;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char c)
{
    if (text.empty() || text.front() != c)
        return false;
    text.remove_prefix(1);
    return true;
}

/// Units of the column's type in a second (or day); 0: it holds no instants.
std::int64_t nanoseconds_in_unit(const DataType& type)
{
    if (type.type == Type::date32)
        return 86'400 * second_ns;
    if (type.type == Type::date64)
        return 1'000'000;
    if (type.type != Type::timestamp)
        return 0;
    switch (type.unit) {
    case Unit::second: return second_ns;
    case Unit::milli: return 1'000'000;
    case Unit::micro: return 1'000;
    case Unit::nano: return 1;
    }
    return 0;
}

struct Decimal {
    Int128 floor = 0;
    bool exact = true;
};

/// Digits without a point, and how many of them stand behind it; JSON writers may spell 99.99 as 9.999E1.
struct Digits {
    std::string digits;
    bool negative = false;
    std::int64_t after_point = 0;
};

std::optional<Digits> parse_number(std::string_view text)
{
    Digits out;
    out.negative = take(text, '-');
    bool point = false;
    while (!text.empty() && text.front() != 'e' && text.front() != 'E') {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9') {
            out.digits += c;
            out.after_point += point;
        } else {
            return std::nullopt;
        }
    }
    if (out.digits.empty())
        return std::nullopt;
    if (text.empty())
        return out;
    text.remove_prefix(1);
    (void)take(text, '+');
    int exponent = 0;
    const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (wrong != std::errc() || end != text.data() + text.size() || exponent > 1000 || exponent < -1000)
        return std::nullopt;
    out.after_point -= exponent;
    return out;
}

/// The decimal number times 10^scale, rounded down; nothing if it is no number or does not fit 38 digits.
std::optional<Decimal> parse_decimal(std::string_view text, std::int32_t scale)
{
    auto number = parse_number(text);
    if (!number)
        return std::nullopt;
    std::string& digits = number->digits;
    Decimal out;
    for (; number->after_point < scale; ++number->after_point)
        digits += '0';
    for (; number->after_point > scale; --number->after_point) {
        out.exact = out.exact && (digits.empty() || digits.back() == '0');
        if (!digits.empty())
            digits.pop_back();
    }
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
    if (digits.size() > 38)
        return std::nullopt;
    for (const char c : digits)
        out.floor = out.floor * 10 + (c - '0');
    if (number->negative)
        out.floor = -out.floor - (out.exact ? 0 : 1);
    return out;
}

} // namespace

std::optional<Int128> parse_instant(std::string_view text)
{
    using namespace std::chrono;
    const int years = take_digits(text, 4);
    const bool first = take(text, '-');
    const int months = take_digits(text, 2);
    const bool second = take(text, '-');
    const int days = take_digits(text, 2);
    const year_month_day date(year(years), month(static_cast<unsigned>(months)), day(static_cast<unsigned>(days)));
    if (years < 0 || !first || months < 0 || !second || days < 0 || !date.ok())
        return std::nullopt;
    Int128 out = static_cast<Int128>(sys_days(date).time_since_epoch().count()) * 86'400 * second_ns;
    if (text.empty())
        return out;
    if (!take(text, 'T') && !take(text, ' '))
        return std::nullopt;
    const int hours = take_digits(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':'))
        return std::nullopt;
    const int minutes = take_digits(text, 2);
    int seconds = 0;
    if (minutes < 0 || minutes > 59)
        return std::nullopt;
    if (take(text, ':') && ((seconds = take_digits(text, 2)) < 0 || seconds > 60))
        return std::nullopt;
    out += (static_cast<Int128>(hours) * 3600 + minutes * 60 + seconds) * second_ns;
    if (take(text, '.'))
        for (std::int64_t unit = second_ns / 10; !text.empty() && text.front() >= '0' && text.front() <= '9' && unit > 0; unit /= 10) {
            out += (text.front() - '0') * unit;
            text.remove_prefix(1);
        }
    if (text.empty() || text == "Z")
        return out;
    const int sign = take(text, '+') ? -1 : take(text, '-') ? 1 : 0;
    const int offset_hours = take_digits(text, 2);
    (void)take(text, ':');
    const int offset_minutes = text.empty() ? 0 : take_digits(text, 2);
    if (sign == 0 || offset_hours < 0 || offset_minutes < 0 || !text.empty())
        return std::nullopt;
    return out + static_cast<Int128>(sign) * (offset_hours * 3600 + offset_minutes * 60) * second_ns;
}

Status Bound::prepare(const DataType& type)
{
    const DataType& value = type.type == Type::dictionary || type.type == Type::run_end_encoded ? type.children[1].type : type;
    const auto misfit = [&] { return fail(JF_E_CONFIG, "'" + text_ + "' cannot be compared with a column of " + value.text()); };
    if (const std::int64_t unit = nanoseconds_in_unit(value)) {
        const auto instant = quoted_ ? parse_instant(text_) : std::nullopt;
        if (!instant)
            return fail(JF_E_CONFIG, "'" + text_ + "' is no date or instant; write \"2026-01-31\" or \"2026-01-31T10:00:00Z\"");
        way_ = Way::whole;
        whole_ = *instant / unit;
        if (*instant % unit < 0)
            --whole_;
        between_ = *instant % unit != 0;
        return {};
    }
    switch (value.type) {
    case Type::utf8: case Type::large_utf8: case Type::utf8_view:
        if (!quoted_)
            return misfit();
        way_ = Way::text;
        return {};
    case Type::float32: case Type::float64: {
        char* end = nullptr;
        floating_ = std::strtod(text_.c_str(), &end);
        if (quoted_ || *end != '\0')
            return misfit();
        way_ = Way::floating;
        return {};
    }
    case Type::int8: case Type::int16: case Type::int32: case Type::int64: case Type::uint8: case Type::uint16: case Type::uint32:
    case Type::uint64: case Type::decimal128: {
        const auto decimal = quoted_ ? std::nullopt : parse_decimal(text_, value.type == Type::decimal128 ? value.scale : 0);
        if (!decimal)
            return misfit();
        way_ = Way::whole;
        whole_ = decimal->floor;
        between_ = !decimal->exact;
        return {};
    }
    default: return misfit();
    }
}

int Bound::compare(const ColumnView& column, std::int64_t row) const
{
    if (way_ == Way::text)
        return column.text(row).compare(text_);
    if (way_ == Way::floating) {
        const double value = column.f64(row);
        return std::isnan(value) || value > floating_ ? 1 : value < floating_ ? -1 : 0;
    }
    const ColumnView& target = column.indirect() ? column.target() : column;
    const Type type = target.type().type;
    const Int128 value = type == Type::decimal128 ? column.decimal(row) : type == Type::uint64 ? static_cast<Int128>(column.u64(row)) : column.i64(row);
    if (value != whole_)
        return value < whole_ ? -1 : 1;
    return between_ ? -1 : 0;
}

} // namespace jackfield::checks
