// DataInterval: what a flow reads of it, and its form in the state store.
#include <jackfield/runtime/interval.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace jackfield {

namespace {

constexpr std::array<std::string_view, 10> member_names_of_interval = {"from", "to", "date", "year", "month", "day", "hour", "from_unix", "to_unix", "timezone"};
constexpr std::size_t date_size = 10; // 2026-01-01
constexpr std::size_t minute_size = 16; // 2026-01-01T05:00

} // namespace

std::string_view interval_members() { return "from, to, date, year, month, day, hour, from_unix, to_unix, timezone"; }

bool is_interval_member(std::string_view name) { return std::find(member_names_of_interval.begin(), member_names_of_interval.end(), name) != member_names_of_interval.end(); }

boost::json::object DataInterval::members() const
{
    const auto part = [this](std::size_t at, std::size_t size) { return at < from.size() ? from.substr(at, size) : std::string(); };
    return {{"from", from},         {"to", to},           {"date", part(0, date_size)}, {"year", part(0, 4)},   {"month", part(5, 2)},
            {"day", part(8, 2)},    {"hour", part(11, 2)}, {"from_unix", from_unix},     {"to_unix", to_unix},   {"timezone", timezone}};
}

std::string DataInterval::shown() const
{
    const auto midnight = [](const std::string& text) { return text.substr(std::min(date_size, text.size()), 9) == "T00:00:00"; };
    if (midnight(from) && midnight(to)) {
        const std::int64_t days = (to_unix - from_unix + 43'200) / 86'400; // a day with a change of the clock has 23 or 25 hours
        return from.substr(0, date_size) + (days <= 1 ? "" : " … " + to.substr(0, date_size));
    }
    std::string out = from.substr(0, minute_size);
    if (out.size() > date_size)
        out[date_size] = ' ';
    return out;
}

std::string DataInterval::to_json() const
{
    return boost::json::serialize(boost::json::object{
        {"name", name}, {"from", from}, {"to", to}, {"from_unix", from_unix}, {"to_unix", to_unix}, {"timezone", timezone}});
}

Result<DataInterval> DataInterval::from_json(std::string_view text)
{
    boost::system::error_code wrong;
    const boost::json::value value = boost::json::parse(boost::json::string_view(text.data(), text.size()), wrong);
    const auto* object = wrong ? nullptr : value.if_object();
    DataInterval out;
    bool good = object != nullptr;
    const auto take = [&](const char* name, std::string& into) {
        const auto* member = good ? object->if_contains(name) : nullptr;
        good = member && member->is_string();
        if (good)
            into = member->get_string();
    };
    const auto number = [&](const char* name, std::int64_t& into) {
        const auto* member = good ? object->if_contains(name) : nullptr;
        good = member && member->is_int64();
        if (good)
            into = member->get_int64();
    };
    take("name", out.name);
    take("from", out.from);
    take("to", out.to);
    take("timezone", out.timezone);
    number("from_unix", out.from_unix);
    number("to_unix", out.to_unix);
    if (!good)
        return fail(JF_E_DATA, "the state holds an interval that cannot be read; remove the run with 'jackfield runs prune'");
    return out;
}

} // namespace jackfield
