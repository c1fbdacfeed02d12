// The rules by which a type is judged from text.
#include "guess.hpp"

#include "parse.hpp"

namespace jackfield::files {
namespace {

/// Leading zeros and words (nan, inf) are no numbers here: they are codes and remarks more often.
[[nodiscard]] bool looks_numeric(std::string_view text)
{
    if (!text.empty() && text.front() == '-')
        text.remove_prefix(1);
    if (text.empty() || text.front() < '0' || text.front() > '9')
        return text.size() > 1 && text.front() == '.' && text[1] >= '0' && text[1] <= '9';
    return text.front() != '0' || text.size() == 1 || text[1] < '0' || text[1] > '9';
}

/// Digits before any exponent.
[[nodiscard]] bool whole_digits(std::string_view text) { return text.find_first_of(".eE") == text.npos; }

} // namespace

void Guess::add(std::string_view text)
{
    seen_ = true;
    const auto drop = [this](std::uint32_t which) { possible_ &= ~which; };
    bool truth = false;
    if ((possible_ & boolean) && parse_boolean(text, true, truth) != Parsed::ok)
        drop(boolean);
    const bool numeric = looks_numeric(text);
    std::int64_t number = 0;
    if ((possible_ & int64) && !(numeric && parse_integer(text.data(), text.size(), number) == Parsed::ok))
        drop(int64);
    std::uint64_t positive = 0;
    if ((possible_ & uint64) && !(numeric && parse_integer(text.data(), text.size(), positive) == Parsed::ok))
        drop(uint64);
    double real = 0;
    if ((possible_ & float64) && !(numeric && parse_double(text.data(), text.size(), real) == Parsed::ok
            && !(whole_digits(text) && text.size() > 16 && parse_integer(text.data(), text.size(), number) != Parsed::ok)))
        drop(float64);
    std::int32_t days = 0;
    if ((possible_ & date) && parse_date(text.data(), text.size(), days) != Parsed::ok)
        drop(date);
    if ((possible_ & time) && parse_time(text.data(), text.size(), 1'000'000, number) != Parsed::ok)
        drop(time);
    for (const auto& [zone, which] : {std::pair{Zone::none, local_timestamp}, std::pair{Zone::required, zoned_timestamp}}) {
        if ((possible_ & which) == 0)
            continue;
        Parsed parsed = parse_timestamp(text.data(), text.size(), 1'000'000, zone, number);
        if (parsed == Parsed::inexact) {
            nanoseconds_ = true;
            parsed = parse_timestamp(text.data(), text.size(), 1'000'000'000, zone, number);
        }
        if (parsed != Parsed::ok)
            drop(which);
    }
}

DataType Guess::type() const
{
    if (!seen_)
        return Type::utf8;
    if (possible_ & boolean)
        return Type::boolean;
    if (possible_ & int64)
        return Type::int64;
    if (possible_ & uint64)
        return Type::uint64;
    if (possible_ & float64)
        return Type::float64;
    if (possible_ & date)
        return Type::date32;
    if (possible_ & time)
        return DataType(Type::time64, Unit::micro);
    const Unit unit = nanoseconds_ ? Unit::nano : Unit::micro;
    if (possible_ & zoned_timestamp)
        return DataType(Type::timestamp, unit, "UTC");
    if (possible_ & local_timestamp)
        return DataType(Type::timestamp, unit);
    return Type::utf8;
}

} // namespace jackfield::files
