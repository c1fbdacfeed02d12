// Values out of text: exact, or refused with the reason.
#include "support/decode/parse.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <random>
#include <string>

using namespace jackfield;
using namespace jackfield::files;

namespace {

/// The text with what the parsers want behind it: here digits, which must not be read.
std::string padded(const std::string& text) { return text + std::string(text_padding, '7'); }

template <class T>
std::pair<Parsed, T> whole(const std::string& text)
{
    T out{};
    const Parsed parsed = parse_integer(padded(text).data(), text.size(), out);
    return {parsed, out};
}
std::pair<Parsed, std::int64_t> decimal(const std::string& text, int precision, int scale)
{
    Int128 out = 0;
    const Parsed parsed = parse_decimal(padded(text).data(), text.size(), precision, scale, out);
    return {parsed, static_cast<std::int64_t>(out)};
}
std::pair<Parsed, std::int64_t> timestamp(const std::string& text, Zone zone = Zone::utc)
{
    std::int64_t out = 0;
    const Parsed parsed = parse_timestamp(padded(text).data(), text.size(), 1'000'000, zone, out);
    return {parsed, out};
}

} // namespace

TEST_CASE("whole numbers of every length are read exactly, up to the limits of their type")
{
    std::mt19937_64 random(1);
    for (int i = 0; i < 20000; ++i) {
        const auto value = static_cast<std::int64_t>(random() >> (random() % 64)) * (random() % 2 ? 1 : -1);
        CHECK(whole<std::int64_t>(std::to_string(value)) == std::pair(Parsed::ok, value));
    }
    CHECK(whole<std::int64_t>("9223372036854775807").second == INT64_MAX);
    CHECK(whole<std::int64_t>("-9223372036854775808") == std::pair(Parsed::ok, INT64_MIN));
    CHECK(whole<std::int64_t>("9223372036854775808").first == Parsed::range);
    CHECK(whole<std::uint64_t>("18446744073709551615").second == UINT64_MAX);
    CHECK(whole<std::uint64_t>("18446744073709551616").first == Parsed::range);
    CHECK(whole<std::uint64_t>("-1").first == Parsed::range);
    CHECK(whole<std::int8_t>("-128").second == -128);
    CHECK(whole<std::int8_t>("128").first == Parsed::range);
    for (const char* text : {"", "-", "+", "1a", "12345678x", "1 2", "0x10", "1234567890123456x", "--1"})
        CHECK(whole<std::int64_t>(text).first == Parsed::malformed);
}

TEST_CASE("decimals keep every digit, or say that some would be lost")
{
    CHECK(decimal("1234.56", 12, 2) == std::pair(Parsed::ok, std::int64_t{123456}));
    CHECK(decimal("-0.5", 12, 2) == std::pair(Parsed::ok, std::int64_t{-50}));
    CHECK(decimal("7", 12, 2).second == 700);
    CHECK(decimal(".25", 12, 2).second == 25);
    CHECK(decimal("1.", 12, 2).second == 100);
    CHECK(decimal("1.500", 12, 2).second == 150);
    CHECK(decimal("1e3", 12, 2).second == 100000);
    CHECK(decimal("12.5e-1", 12, 2).second == 125);
    CHECK(decimal("1234567890.12", 12, 2).second == 123456789012);
    CHECK(decimal("12345678901.12", 12, 2).first == Parsed::range);
    CHECK(decimal("1.234", 12, 2).first == Parsed::inexact);
    for (const char* text : {"", ".", "-", "1.2.3", "1,5", "e5", "1e", "12345678.1234567.8"})
        CHECK(decimal(text, 18, 2).first == Parsed::malformed);
}

TEST_CASE("floating point is rounded as the C library does")
{
    std::mt19937_64 random(2);
    char text[64];
    for (int i = 0; i < 20000; ++i) {
        const double value = static_cast<double>(static_cast<std::int64_t>(random())) / static_cast<double>(1ull << (random() % 60));
        std::snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.4f", value);
        double out = 0;
        REQUIRE(parse_double(padded(text).data(), std::strlen(text), out) == Parsed::ok);
        CHECK(out == std::strtod(text, nullptr));
    }
}

TEST_CASE("each day of the years 0000 to 9999 is the one after the day before it")
{
    const auto leap = [](int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); };
    constexpr int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    std::int32_t expected = -719'528; // 0000-01-01
    int wrong = 0;
    for (int year = 0; year < 10'000; ++year)
        for (int month = 1; month <= 12; ++month) {
            const int length = lengths[month - 1] + (month == 2 && leap(year));
            for (int day = 1; day <= length + 1; ++day) {
                char text[text_padding + 16] = {};
                std::snprintf(text, sizeof text, "%04d-%02d-%02d", year, month, day);
                std::int32_t days = 0;
                const Parsed parsed = parse_date(text, 10, days);
                wrong += day <= length ? parsed != Parsed::ok || days != expected++ : parsed == Parsed::ok;
            }
        }
    CHECK(wrong == 0);
    CHECK(expected == 2'932'897); // 10000-01-01
}

TEST_CASE("timestamps are read with T or blank, fraction, Z or offset")
{
    constexpr std::int64_t base = 1'709'212'509'000'000; // 2024-02-29 13:15:09 UTC
    CHECK(timestamp("2024-02-29 13:15:09") == std::pair(Parsed::ok, base));
    CHECK(timestamp("2024-02-29T13:15:09Z").second == base);
    CHECK(timestamp("2024-02-29T13:15:09.25+00:00").second == base + 250'000);
    CHECK(timestamp("2024-02-29 15:15:09.000001+02").second == base + 1);
    CHECK(timestamp("2024-02-29 08:45:09-0430").second == base);
    CHECK(timestamp("2024-02-29 13:15").second == base - 9'000'000);
    CHECK(timestamp("2024-02-29").second == 1'709'164'800'000'000);
    CHECK(timestamp("1969-12-31 23:59:59").second == -1'000'000);
    CHECK(timestamp("2024-02-29 13:15:09.1234567").first == Parsed::inexact);
    CHECK(timestamp("2024-02-29 13:15:09.12345600000Z").second == base + 123'456);
    CHECK(timestamp("2024-02-29 13:15:09.12345678").first == Parsed::inexact);
    CHECK(timestamp("2024-02-29 13:15:09.Z").first == Parsed::malformed);
    CHECK(timestamp("2024-02-29 13:15:09.12:4").first == Parsed::malformed);
    CHECK(timestamp("2024-02-29 13:15:09Z", Zone::none).first == Parsed::zone);
    CHECK(timestamp("2024-02-29 13:15:09", Zone::required).first == Parsed::zone);
    for (const char* text : {"", "2023-02-29", "2024-13-01 00:00:00", "2024-02-29 24:00:00", "2024-02-29 13:60:00", "2024-02-29 13:15:09.", "2024-2-29",
             "2024-02-29x13:15:09", "2024-02-29 13:15:09+1", "20240229", "2024-02-29 13:15:0a", "2024-00-10", "2024-01-00", "2024-02-29Z"})
        CHECK(timestamp(text).first == Parsed::malformed);
}
