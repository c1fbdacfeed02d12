// Positions as bytes, and marks of what was delivered.
#include "position.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::http;

namespace {

CursorValue whole(std::int64_t number)
{
    CursorValue out;
    out.number = number;
    out.spelled = std::to_string(number);
    return out;
}

HttpPosition sample()
{
    HttpPosition out;
    out.in_page = true;
    out.page = "http://h/a?page=3";
    out.good = 1234567;
    out.bad = 2;
    for (int i = 0; i < 3; ++i)
        REQUIRE(out.base.add(whole(-5), static_cast<std::uint64_t>(i), "n"));
    REQUIRE(out.base.add(whole(7), 99, "n"));
    out.seen.top = CursorValue{CursorValue::Kind::text, 0, 0, "2026-01-01", "2026-01-01"};
    out.validator = {"\"v1\"", "yesterday", 42};
    out.schema = Schema{{"id", Type::int64}, {"a b", Type::utf8}};
    return out;
}

} // namespace

TEST_CASE("a position reads back as it was")
{
    const HttpPosition before = sample();
    const HttpPosition after = HttpPosition::parse(before.bytes()).value();
    CHECK(after.bytes() == before.bytes());
    CHECK(after.page == before.page);
    CHECK(after.good == 1234567);
    CHECK(after.base.top->number == 7);
    CHECK(after.base.below->number == -5);
    CHECK(after.base.at_top == std::vector<std::uint64_t>{99});
    CHECK(after.seen.top->text == "2026-01-01");
    CHECK(after.validator == before.validator);
    CHECK(*after.schema == *before.schema);
    CHECK_FALSE(HttpPosition::parse(HttpPosition{}.bytes())->schema);
}

TEST_CASE("a position that was changed is refused")
{
    const std::string good = sample().bytes();
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] ^= 1;
        CHECK_FALSE(HttpPosition::parse(bad));
        CHECK_FALSE(HttpPosition::parse(good.substr(0, i)));
    }
    CHECK_FALSE(HttpPosition::parse(good + "x"));
    CHECK(HttpPosition::parse("noise").error().kind == JF_E_POSITION);
}

TEST_CASE("a position stays small whatever is in it")
{
    HttpPosition it = sample();
    it.page = std::string(8 << 10, 'x');
    it.base = {};
    for (std::size_t i = 0; i < CursorMark::most_at_top; ++i)
        REQUIRE(it.base.add(whole(1), i, "n"));
    it.seen = it.base;
    it.validator.etag = std::string(100'000, 'e');
    Schema wide;
    for (int i = 0; i < 5000; ++i)
        wide.fields.push_back({"column" + std::to_string(i), Type::utf8});
    it.schema = wide;
    CHECK(it.bytes().size() < 64 << 10);
    CHECK(HttpPosition::parse(it.bytes())->page == it.page);
}

TEST_CASE("a mark knows what was delivered")
{
    CursorMark mark;
    CHECK(mark.parameter(false) == nullptr);
    for (const std::int64_t value : {10, 30, 20, 30})
        REQUIRE(mark.add(whole(value), static_cast<std::uint64_t>(value), "n"));
    CHECK(*mark.parameter(false) == "30");
    CHECK(*mark.parameter(true) == "20");
    CHECK(mark.at_top == std::vector<std::uint64_t>{30, 30});
    CHECK(mark.knows(whole(5)) == true);
    CHECK(mark.knows(whole(20)) == true);
    CHECK(mark.knows(whole(25)) == false);
    CHECK(mark.knows(whole(31)) == false);
    CHECK_FALSE(mark.knows(whole(30)));
}

TEST_CASE("more equal rows than can be remembered are an error")
{
    CursorMark mark;
    Status added;
    for (std::size_t i = 0; i <= CursorMark::most_at_top && added; ++i)
        added = mark.add(whole(1), i, "day");
    CHECK(added.error().message.find("'day'") != std::string::npos);
}

TEST_CASE("equal rows are taken off a list as often as they are on it")
{
    std::vector<std::uint64_t> digests{1, 2, 1};
    CHECK(take_digest(digests, 1));
    CHECK(take_digest(digests, 1));
    CHECK_FALSE(take_digest(digests, 1));
    CHECK(take_digest(digests, 2));
}
