// Limits compare exactly in the type of the column.
#include "bound.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <catch2/catch.hpp>

using namespace jackfield;
using checks::Bound;

namespace {

template <class Append>
int compare(const std::string& limit, bool quoted, const DataType& type, Append&& append)
{
    BatchBuilder builder(Schema{{"v", type}});
    append(builder.column(0));
    builder.end_row();
    const auto batch = builder.finish();
    REQUIRE(batch);
    Bound bound(limit, quoted);
    REQUIRE(bound.prepare(type));
    return bound.compare(BatchView(builder.schema(), **batch)[0], 0);
}

} // namespace

TEST_CASE("whole numbers compare with fractions and beyond 2^53", "[checks]")
{
    const auto integer = [](std::int64_t value) { return [value](ColumnBuilder& column) { column.append_i64(value); }; };

    CHECK(compare("9007199254740993", false, Type::int64, integer(9007199254740992)) < 0);
    CHECK(compare("2.5", false, Type::int64, integer(2)) < 0);
    CHECK(compare("2.5", false, Type::int64, integer(3)) > 0);
    CHECK(compare("-2.5", false, Type::int64, integer(-3)) < 0);
    CHECK(compare("-2.5", false, Type::int64, integer(-2)) > 0);
    CHECK(compare("7", false, Type::int32, integer(7)) == 0);
    CHECK(compare("1.2E1", false, Type::int32, integer(12)) == 0);
    CHECK(compare("5E-1", false, Type::int32, integer(0)) < 0);
}

TEST_CASE("decimals compare digit by digit", "[checks]")
{
    const auto decimal = [](std::int64_t unscaled) { return [unscaled](ColumnBuilder& column) { column.append_decimal(Int128{unscaled}); }; };

    CHECK(compare("9.999E1", false, DataType::decimal(12, 2), decimal(9999)) == 0);
    CHECK(compare("0.1", false, DataType::decimal(12, 2), decimal(10)) == 0);
    CHECK(compare("0.105", false, DataType::decimal(12, 2), decimal(10)) < 0);
    CHECK(compare("0.105", false, DataType::decimal(12, 2), decimal(11)) > 0);
}

TEST_CASE("instants compare in the unit of the column", "[checks]")
{
    const DataType seconds(Type::timestamp, Unit::second, "UTC");
    const auto at = [](std::int64_t value) { return [value](ColumnBuilder& column) { column.append_i64(value); }; };

    CHECK(compare("1970-01-02", true, seconds, at(86'400)) == 0);
    CHECK(compare("1970-01-01T00:00:01.5Z", true, seconds, at(1)) < 0);
    CHECK(compare("1970-01-01T02:00:00+02:00", true, seconds, at(0)) == 0);
    CHECK(compare("1970-01-02", true, Type::date32, at(2)) > 0);
    CHECK_FALSE(checks::parse_instant("2026-02-30"));
    CHECK_FALSE(checks::parse_instant("2026-1-1"));
    CHECK_FALSE(checks::parse_instant("2026-01-01T25:00"));
}

TEST_CASE("what does not compare is refused with a remedy", "[checks][errors]")
{
    Bound text("ten", true);
    const auto number = text.prepare(Type::int64);
    REQUIRE_FALSE(number);
    CHECK(number.error().message == "'ten' cannot be compared with a column of int64");
    const auto date = text.prepare(Type::date32);
    REQUIRE_FALSE(date);
    CHECK(date.error().message.find("is no date or instant; write") != std::string::npos);
}
