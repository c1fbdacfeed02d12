// Numbers as people read them.
#include "exec/human.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;

TEST_CASE("counts have thousands separators", "[human]")
{
    CHECK(human_count(0) == "0");
    CHECK(human_count(999) == "999");
    CHECK(human_count(231083) == "231,083");
    CHECK(human_count(1000000) == "1,000,000");
    CHECK(human_number_of(1, "row", "rows") == "1 row");
}

TEST_CASE("sizes and rates have three figures", "[human]")
{
    CHECK(human_bytes(999) == "999 B");
    CHECK(human_bytes(41'234'567) == "41.2 MB");
    CHECK(human_bytes(999'999) == "1.00 MB");
    CHECK(human_rate(256'123) == "256 k");
}

TEST_CASE("durations change their unit with their length", "[human]")
{
    CHECK(human_duration(0) == "0 ms");
    CHECK(human_duration(1'000) == "1 ms");
    CHECK(human_duration(900'000'000) == "0.9 s");
    CHECK(human_duration(42'000'000'000) == "42 s");
    CHECK(human_duration(185'000'000'000) == "3 m 05 s");
    CHECK(human_duration(7'800'000'000'000) == "2 h 10 m");
}
