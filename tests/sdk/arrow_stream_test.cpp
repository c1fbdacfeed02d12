// Streams: made here, read through the C struct.
#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/stream.hpp>

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace jackfield;

TEST_CASE("a stream gives its schema, its batches and its end", "[sdk][arrow][stream]")
{
    Rows rows(Schema{{"n", Type::int64}});
    int left = 3;
    auto reader = StreamReader::open(make_stream(rows.builder().schema(), [&]() -> Result<OwnedArray> {
        if (left-- == 0)
            return OwnedArray();
        rows.add(left);
        return rows.finish();
    }));
    REQUIRE(reader);
    CHECK(reader->schema() == rows.builder().schema());
    for (int i = 0; i < 3; ++i) {
        const auto batch = reader->next(Check::full);
        REQUIRE(batch);
        REQUIRE(*batch);
        CHECK((*batch)->length == 1);
    }
    const auto end = reader->next();
    REQUIRE(end);
    CHECK_FALSE(*end);
}

TEST_CASE("a stream passes on what went wrong", "[sdk][arrow][stream]")
{
    auto failing = StreamReader::open(make_stream({{"n", Type::int64}}, []() -> Result<OwnedArray> { return fail(JF_E_DATA, "the file ends early"); }));
    REQUIRE(failing);
    CHECK(failing->next().error().message == "the file ends early");
    auto throwing = StreamReader::open(make_stream({{"n", Type::int64}}, []() -> Result<OwnedArray> { throw std::runtime_error("thrown"); }));
    REQUIRE(throwing);
    CHECK(throwing->next().error().message == "thrown");
    CHECK_FALSE(StreamReader::open(OwnedStream()));
    auto lying = StreamReader::open(make_stream({{"n", Type::int64}, {"m", Type::int64}}, []() -> Result<OwnedArray> {
        Rows rows(Schema{{"n", Type::int64}});
        rows.add(1);
        return rows.finish();
    }));
    REQUIRE(lying);
    CHECK(lying->next().error().kind == JF_E_DATA);
}
