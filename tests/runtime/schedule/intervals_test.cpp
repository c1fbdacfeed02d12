// Cutting a range of time by the calendar of a zone.
#include "schedule/intervals.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::schedule;

namespace {

constexpr Instant far_ahead = 4'000'000'000;

Cut cut_of(const std::string& from, const std::string& to, const std::string& every, const std::string& zone = "UTC", Instant now = far_ahead)
{
    auto cut = schedule::cut({from, to, every, zone, now});
    if (!cut)
        FAIL(cut.error().message);
    return *cut;
}

std::vector<std::int64_t> hours_of(const Cut& cut)
{
    std::vector<std::int64_t> out;
    for (const DataInterval& interval : cut.intervals)
        out.push_back((interval.to_unix - interval.from_unix) / 3600);
    return out;
}

std::string fault_of(const Range& range)
{
    const auto cut = schedule::cut(range);
    return cut ? "" : cut.error().message;
}

void check_gapless(const Cut& cut)
{
    for (std::size_t i = 1; i < cut.intervals.size(); ++i)
        CHECK(cut.intervals[i].from_unix == cut.intervals[i - 1].to_unix);
}

} // namespace

TEST_CASE("days in UTC are half-open and named by both ends", "[schedule]")
{
    const Cut cut = cut_of("2026-01-01", "2026-01-03", "1d");
    REQUIRE(cut.intervals.size() == 2);
    CHECK(cut.intervals[0].name == "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z");
    CHECK(cut.intervals[1].from == "2026-01-02T00:00:00Z");
    CHECK(cut.intervals[1].to == "2026-01-03T00:00:00Z");
    CHECK(cut.intervals[1].shown() == "2026-01-02");
    CHECK_FALSE(cut.part_left_out);
}

TEST_CASE("days of a zone have 23 and 25 hours where the clock is changed", "[schedule]")
{
    const Cut spring = cut_of("2025-10-04", "2025-10-07", "1d", "Australia/Sydney");
    CHECK(hours_of(spring) == std::vector<std::int64_t>{24, 23, 24});
    CHECK(spring.intervals[1].from == "2025-10-05T00:00:00+10:00");
    CHECK(spring.intervals[1].to == "2025-10-06T00:00:00+11:00");
    CHECK(hours_of(cut_of("2025-10-25", "2025-10-28", "1d", "Europe/Berlin")) == std::vector<std::int64_t>{24, 25, 24});
}

TEST_CASE("an hour that comes twice is two intervals of one hour, one that is left out is none", "[schedule]")
{
    const Cut autumn = cut_of("2025-10-26", "2025-10-27", "1h", "Europe/Berlin");
    CHECK(hours_of(autumn) == std::vector<std::int64_t>(25, 1));
    check_gapless(autumn);
    CHECK(autumn.intervals[2].from == "2025-10-26T02:00:00+02:00");
    CHECK(autumn.intervals[3].from == "2025-10-26T02:00:00+01:00");
    const Cut spring = cut_of("2026-03-29", "2026-03-30", "1h", "Europe/Berlin");
    CHECK(hours_of(spring) == std::vector<std::int64_t>(23, 1));
    check_gapless(spring);
}

TEST_CASE("longer steps keep to the clock on the wall", "[schedule]")
{
    const Cut spring = cut_of("2026-03-29", "2026-03-30", "6h", "Europe/Berlin");
    CHECK(hours_of(spring) == std::vector<std::int64_t>{5, 6, 6, 6});
    CHECK(spring.intervals[1].from == "2026-03-29T06:00:00+02:00");
    CHECK(hours_of(cut_of("2025-10-26", "2025-10-27", "6h", "Europe/Berlin")) == std::vector<std::int64_t>{7, 6, 6, 6});
}

TEST_CASE("a day whose midnight does not exist begins where the clock was set forward", "[schedule]")
{
    const Cut cut = cut_of("2018-11-03", "2018-11-06", "1d", "America/Sao_Paulo");
    CHECK(hours_of(cut) == std::vector<std::int64_t>{24, 23, 24});
    CHECK(cut.intervals[1].from == "2018-11-04T01:00:00-02:00");
    check_gapless(cut);
}

TEST_CASE("weeks begin on Mondays and months on their first days", "[schedule]")
{
    CHECK(cut_of("2026-01-05", "2026-01-19", "1w").intervals.size() == 2);
    CHECK(fault_of({"2026-01-01", "2026-01-19", "1w", "UTC", far_ahead}).find("begin at 2025-12-29T00:00:00Z or 2026-01-05T00:00:00Z") != std::string::npos);
    CHECK(hours_of(cut_of("2026-01-01", "2026-04-01", "1mo")) == std::vector<std::int64_t>{31 * 24, 28 * 24, 31 * 24});
    CHECK(cut_of("2026-01-01", "2028-01-01", "3mo").intervals.size() == 8);
    CHECK(cut_of("2024-02-01", "2024-03-01", "1d").intervals.size() == 29);
}

TEST_CASE("the last interval is left out where the range cuts it or it is not over", "[schedule]")
{
    const Cut cut_short = cut_of("2026-01-01", "2026-01-03T12:00", "1d");
    CHECK(cut_short.intervals.size() == 2);
    CHECK(cut_short.part_left_out);
    const Instant now = 1'767'312'000 + 3600; // 2026-01-02T01:00:00Z
    const Cut not_over = cut_of("2026-01-01", "2026-01-05", "1d", "UTC", now);
    CHECK(not_over.intervals.size() == 1);
    CHECK(not_over.not_over == 3);
    CHECK(cut_of("2026-01-01", "now", "1d", "UTC", now).intervals.size() == 1);
}

TEST_CASE("times are read in the zone, or with an offset of their own", "[schedule]")
{
    const Zone sydney = Zone::find("Australia/Sydney").value();
    CHECK(sydney.text(sydney.parse("2026-01-31").value()) == "2026-01-31T00:00:00+11:00");
    CHECK(sydney.text(sydney.parse("2026-01-31T05:06:07Z").value()) == "2026-01-31T16:06:07+11:00");
    CHECK(sydney.text(sydney.parse("2026-01-31 05:00+01:00").value()) == "2026-01-31T15:00:00+11:00");
    for (const char* bad : {"", "2026", "2026-13-01", "2026-02-30", "2026-01-01T", "2026-01-01T25:00", "2026-01-01T05:00+99:00", "2026-01-01x", "yesterday"})
        CHECK_FALSE(sydney.parse(bad));
}

TEST_CASE("what no calendar can be cut by is refused with the remedy", "[schedule]")
{
    for (const char* bad : {"", "d", "0d", "7h", "36h", "5mo", "1y", "-1d", "1.5d", "90001s"})
        CHECK_FALSE(parse_every(bad));
    CHECK(parse_every("24h").value().unit == Every::Unit::day);
    CHECK(fault_of({"2026-01-01", "2026-01-02", "1d", "berlin", far_ahead}).find("did you mean 'Europe/Berlin'?") != std::string::npos);
    CHECK(fault_of({"2026-01-02", "2026-01-01", "1d", "UTC", far_ahead}).find("is not after") != std::string::npos);
    CHECK(fault_of({"2000-01-01", "2026-01-01", "1m", "UTC", far_ahead}).find("more than 100,000") != std::string::npos);
}

TEST_CASE("an interval survives the state store", "[schedule]")
{
    const DataInterval interval = cut_of("2026-01-01T05:00", "2026-01-01T06:00", "1h", "Europe/Berlin").intervals.at(0);
    const DataInterval back = DataInterval::from_json(interval.to_json()).value();
    CHECK(back.to_json() == interval.to_json());
    CHECK(back.members() == interval.members());
    CHECK(interval.members().at("date") == "2026-01-01");
    CHECK(interval.members().at("hour") == "05");
    CHECK_FALSE(DataInterval::from_json("{}"));
}
