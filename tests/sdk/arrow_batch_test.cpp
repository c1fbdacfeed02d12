// Batches: built, read back through the C structs in every layout, shared, sliced, and refused when they lie.
#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <catch2/catch.hpp>

#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

using namespace jackfield;

namespace {

OwnedArray finished(BatchBuilder& batch)
{
    auto made = batch.finish();
    REQUIRE(made);
    const auto valid = validate(batch.schema(), **made, Check::full);
    if (!valid)
        FAIL(valid.error().message);
    return *std::move(made);
}

OwnedArray numbers(std::int64_t rows)
{
    Rows out(Schema{{"n", Type::int64}, {"t", Type::utf8}});
    for (std::int64_t i = 0; i < rows; ++i) {
        if (i % 3 == 0)
            out.add(i, nullptr);
        else
            out.add(i, "row " + std::to_string(i));
    }
    auto made = out.finish();
    REQUIRE(made);
    return *std::move(made);
}
const Schema numbers_schema{{"n", Type::int64}, {"t", Type::utf8}};

} // namespace

TEST_CASE("numbers of every width come back with their limits and nulls", "[sdk][arrow][batch]")
{
    struct Case {
        const char* type;
        std::int64_t low, high;
        bool below = true; // low - 1 and high + 1 exist and are refused
    };
    const Case cases[] = {{"int8", -128, 127}, {"int16", -32768, 32767}, {"int32", INT32_MIN, INT32_MAX}, {"int64", INT64_MIN, INT64_MAX, false},
        {"uint8", 0, 255}, {"uint16", 0, 65535}, {"uint32", 0, UINT32_MAX}, {"date", INT32_MIN, INT32_MAX}, {"date64", INT64_MIN, INT64_MAX, false},
        {"time(s)", 0, 86399, false}, {"time(us)", 0, 86399999999, false}, {"timestamp(us, UTC)", INT64_MIN, INT64_MAX, false},
        {"duration(ns)", INT64_MIN, INT64_MAX, false}};
    for (const Case& test : cases) {
        INFO(test.type);
        BatchBuilder batch(Schema{{"c", *parse_type(test.type)}});
        for (int row = 0; row < 30; ++row) {
            CHECK((row % 3 == 0 ? batch.column(0).append_i64(test.low) : row % 3 == 1 ? batch.column(0).append_null() : batch.column(0).append_i64(test.high)));
            batch.end_row();
        }
        if (test.below) {
            CHECK_FALSE(batch.column(0).append_i64(test.low - 1));
            CHECK_FALSE(batch.column(0).append_i64(test.high + 1));
            CHECK(batch.error()->where == "c");
            batch.drop_row();
        }
        const OwnedArray array = finished(batch);
        const BatchView view(batch.schema(), *array);
        CHECK(array->children[0]->null_count == 10);
        for (int row = 0; row < 30; ++row) {
            REQUIRE(view[0].is_null(row) == (row % 3 == 1));
            if (row % 3 != 1)
                REQUIRE(view[0].i64(row) == (row % 3 == 0 ? test.low : test.high));
        }
    }
}

TEST_CASE("floating point, booleans, unsigned, intervals and decimals come back", "[sdk][arrow][batch]")
{
    Rows out(Schema{{"d", Type::float64}, {"f", Type::float32}, {"b", Type::boolean}, {"u", Type::uint64}, {"i", Type::interval_month_day_nano},
        {"m", DataType::decimal(38, 2)}, {"s", DataType::decimal(4, 2)}, {"n", Type::null}});
    const Int128 large = static_cast<Int128>(1234567890123456789LL) * 10000000000000000LL;
    for (int i = 0; i < 100; ++i)
        out.add(i * 0.5, 0.25F, i % 3 == 0, UINT64_MAX, Interval{i, -i, i * 7LL}, -large, i % 50, nullptr);
    auto made = out.finish();
    REQUIRE(made);
    REQUIRE(validate(out.builder().schema(), **made, Check::full));
    const BatchView view(out.builder().schema(), **made);
    for (int i = 0; i < 100; ++i) {
        CHECK(view[0].f64(i) == i * 0.5);
        CHECK(view[1].f64(i) == 0.25);
        CHECK(view[2].boolean(i) == (i % 3 == 0));
        CHECK(view[3].u64(i) == UINT64_MAX);
        CHECK((view[4].interval(i) == Interval{i, -i, i * 7LL}));
        CHECK((view[5].decimal(i) == -large));
        CHECK((view[6].decimal(i) == i % 50 * 100));
        CHECK(view[6].f64(i) == i % 50);
        CHECK(view[7].is_null(i));
    }
}

TEST_CASE("a decimal column refuses more digits than its precision", "[sdk][arrow][batch]")
{
    ColumnBuilder column(DataType::decimal(4, 2));
    CHECK(column.append_decimal(Int128(9999)));
    CHECK(column.append_decimal(0, 5));
    CHECK(column.append_decimal(-1, UINT64_MAX));
    CHECK_FALSE(column.append_decimal(Int128(10000)));
    CHECK_FALSE(column.append_i64(100));
    CHECK(column.length() == 3);
    CHECK_FALSE(column.finish());
    CHECK(column.finish());
}

TEST_CASE("text and binary of every layout come back", "[sdk][arrow][batch]")
{
    for (const char* type : {"utf8", "large_utf8", "utf8_view", "binary", "large_binary", "binary_view"}) {
        INFO(type);
        BatchBuilder batch(Schema{{"c", *parse_type(type)}});
        for (int round = 0; round < 2; ++round) {
            for (int i = 0; i < 500; ++i) {
                if (i % 7 == 3)
                    batch.column(0).append_null();
                else
                    batch.column(0).append_text(std::string(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26)));
                batch.end_row();
            }
            const OwnedArray array = finished(batch);
            const BatchView view(batch.schema(), *array);
            for (int i = 0; i < 500; ++i) {
                REQUIRE(view[0].is_null(i) == (i % 7 == 3));
                if (i % 7 != 3)
                    REQUIRE(view[0].text(i) == std::string(static_cast<std::size_t>(i % 40), static_cast<char>('a' + i % 26)));
            }
        }
    }
    BatchBuilder fixed(Schema{{"c", DataType::fixed_binary(3)}});
    CHECK(fixed.column(0).append_text("abc"));
    CHECK(fixed.column(0).append_null());
    fixed.set_rows(2);
    CHECK_FALSE(fixed.column(0).append_text("abcd"));
    fixed.drop_row();
    const OwnedArray array = finished(fixed);
    const BatchView view(fixed.schema(), *array);
    CHECK(view[0].text(0) == "abc");
    CHECK(view[0].is_null(1));
}

TEST_CASE("lists, structures and maps come back with their nulls", "[sdk][arrow][batch][nested]")
{
    const Schema schema{{"l", *parse_type("list<utf8>")}, {"g", *parse_type("large_list<int32>")}, {"x", *parse_type("fixed_list<int16, 2>")},
        {"s", *parse_type("struct<a: int64, b: list<int64>>")}, {"m", *parse_type("map<utf8, int64>")}};
    BatchBuilder batch(schema);
    for (int row = 0; row < 50; ++row) {
        if (row % 5 == 4) {
            for (std::size_t i = 0; i < batch.columns(); ++i)
                REQUIRE(batch.column(i).append_null());
            batch.end_row();
            continue;
        }
        for (int i = 0; i < row % 5; ++i) {
            batch.column(0).child(0).append_text("item " + std::to_string(i));
            batch.column(1).child(0).append_i64(row);
            batch.column(3).child(1).child(0).append_i64(i);
            batch.column(4).child(0).child(0).append_text("k" + std::to_string(i));
            batch.column(4).child(0).child(1).append_i64(row * i);
            batch.column(4).child(0).end_struct();
        }
        batch.column(2).child(0).append_i64(row);
        batch.column(2).child(0).append_null();
        batch.column(3).child(0).append_i64(row);
        batch.column(3).child(1).end_list();
        for (const std::size_t i : {0, 1, 2, 4})
            REQUIRE(batch.column(i).end_list());
        REQUIRE(batch.column(3).end_struct());
        batch.end_row();
    }
    SharedArray shared(finished(batch));
    for (const std::int64_t start : {0, 3, 17}) {
        const OwnedArray slice = shared.slice(start, 20);
        REQUIRE(validate(schema, *slice, Check::full));
        const BatchView view(schema, *slice);
        for (std::int64_t i = 0; i < 20; ++i) {
            const std::int64_t row = start + i;
            for (std::size_t column = 0; column < 5; ++column)
                REQUIRE(view[column].is_null(i) == (row % 5 == 4));
            if (row % 5 == 4)
                continue;
            const auto [from, to] = view[0].items(i);
            REQUIRE(to - from == row % 5);
            for (std::int64_t k = from; k < to; ++k)
                CHECK(view[0].child(0).text(k) == "item " + std::to_string(k - from));
            const auto large = view[1].items(i);
            REQUIRE(large.second - large.first == row % 5);
            if (row % 5 > 0)
                CHECK(view[1].child(0).i64(large.first) == row);
            CHECK(view[2].child(0).i64(view[2].items(i).first) == row);
            CHECK(view[2].child(0).is_null(view[2].items(i).second - 1));
            CHECK(view[3].child(0).i64(i) == row);
            const auto inner = view[3].child(1).items(i);
            CHECK(inner.second - inner.first == row % 5);
            const auto entries = view[4].items(i);
            for (std::int64_t k = entries.first; k < entries.second; ++k)
                CHECK(view[4].child(0).child(1).i64(k) == row * (k - entries.first));
        }
    }
}

TEST_CASE("dictionaries and run-ends are looked through", "[sdk][arrow][batch]")
{
    const Schema schema{{"d", *parse_type("dictionary<uint8, utf8>")}, {"r", *parse_type("run_end<int32, int64>")}};
    BatchBuilder batch(schema);
    ColumnBuilder& dictionary = batch.column(0);
    dictionary.child(0).append_text("red");
    dictionary.child(0).append_null();
    dictionary.child(0).append_text("blue");
    for (int i = 0; i < 12; ++i)
        REQUIRE((i == 5 ? dictionary.append_null() : dictionary.append_i64(i % 3)));
    ColumnBuilder& runs = batch.column(1);
    for (const int end : {3, 4, 12}) {
        runs.child(0).append_i64(end);
        REQUIRE((end == 4 ? runs.child(1).append_null() : runs.child(1).append_i64(end * 100)));
    }
    runs.set_length(12);
    batch.set_rows(12);
    SharedArray shared(finished(batch));
    for (const std::int64_t start : {0, 2, 7}) {
        const OwnedArray slice = shared.slice(start, 5);
        REQUIRE(validate(schema, *slice, Check::full));
        const BatchView view(schema, *slice);
        for (std::int64_t i = 0; i < 5; ++i) {
            const std::int64_t row = start + i;
            REQUIRE(view[0].is_null(i) == (row == 5 || row % 3 == 1));
            if (!view[0].is_null(i))
                CHECK(view[0].text(i) == (row % 3 == 0 ? "red" : "blue"));
            REQUIRE(view[1].is_null(i) == (row == 3));
            if (row != 3)
                CHECK(view[1].i64(i) == (row < 3 ? 300 : 1200));
        }
    }
}

TEST_CASE("decoders fill columns through raw buffers", "[sdk][arrow][batch]")
{
    BatchBuilder batch(numbers_schema);
    for (int round = 0; round < 3; ++round) {
        batch.reserve(1000);
        auto* values = batch.column(0).values<std::int64_t>();
        for (int i = 0; i < 1000; ++i)
            values[i] = i;
        std::uint8_t* bits = batch.column(0).validity();
        for (int i = 0; i < 125; ++i)
            bits[i] = 0x7f;
        batch.column(0).set_length(1000, -1);
        for (int i = 0; i < 1000; ++i) {
            char* at = batch.column(1).text_room(10);
            *at = static_cast<char>('a' + i % 26);
            REQUIRE(batch.column(1).end_text(i % 2 == 0 ? 1 : 0));
        }
        batch.set_rows(1000);
        const OwnedArray array = finished(batch);
        const BatchView view(numbers_schema, *array);
        CHECK(array->children[0]->null_count == 125);
        CHECK(view[0].i64(998) == 998);
        CHECK(view[0].is_null(999));
        CHECK(view[0].values<std::int64_t>()[500] == 500);
        CHECK(view[1].text(26) == "a");
        CHECK(view[1].text(27).empty());
        CHECK(reinterpret_cast<std::uintptr_t>(array->children[0]->buffers[1]) % 64 == 0);
    }
}

TEST_CASE("a row taken back leaves no trace", "[sdk][arrow][batch]")
{
    const Schema schema{{"n", Type::int32}, {"b", Type::boolean}, {"t", Type::utf8}, {"s", *parse_type("struct<l: list<utf8_view>>")}};
    BatchBuilder batch(schema);
    std::mt19937 random(7); // NOLINT: the same rows each time
    std::vector<int> kept;
    for (int i = 0; i < 2000; ++i) {
        const bool null = random() % 4 == 0;
        null ? batch.column(0).append_null() : batch.column(0).append_i64(i);
        null ? batch.column(1).append_null() : batch.column(1).append_bool(i % 2 == 0);
        if (random() % 3 != 0) {
            null ? batch.column(2).append_null() : batch.column(2).append_text("text " + std::to_string(i));
            batch.column(3).child(0).child(0).append_text("a text longer than twelve bytes");
            batch.column(3).child(0).end_list();
            batch.column(3).end_struct();
            batch.end_row();
            kept.push_back(null ? -1 : i);
        } else {
            batch.column(2).append_i64(5);
            batch.column(3).child(0).child(0).append_text("half done");
            batch.drop_row();
        }
    }
    const OwnedArray array = finished(batch);
    const BatchView view(schema, *array);
    REQUIRE(view.rows() == static_cast<std::int64_t>(kept.size()));
    for (std::size_t k = 0; k < kept.size(); ++k) {
        const auto row = static_cast<std::int64_t>(k);
        for (std::size_t column = 0; column < 3; ++column)
            REQUIRE(view[column].is_null(row) == (kept[k] < 0));
        if (kept[k] >= 0) {
            REQUIRE(view[0].i64(row) == kept[k]);
            REQUIRE(view[1].boolean(row) == (kept[k] % 2 == 0));
            REQUIRE(view[2].text(row) == "text " + std::to_string(kept[k]));
        }
        REQUIRE(view[3].child(0).items(row).second - view[3].child(0).items(row).first == 1);
    }
}

TEST_CASE("mistakes of a row fail the batch and name the column", "[sdk][arrow][batch][errors]")
{
    Rows rows(Schema{{"n", Type::int8}, {"t", Type::utf8}});
    rows.add(1, "good");
    rows.add(1000, "too large");
    auto made = rows.finish();
    REQUIRE_FALSE(made);
    CHECK(made.error().where == "n");
    CHECK(made.error().message == "1000 does not fit a column of int8");
    CHECK(rows.empty());
    rows.add(1);
    CHECK_FALSE(rows.finish());
    rows.add("text", 7);
    CHECK_FALSE(rows.finish());
    rows.add(std::optional<int>(7), std::optional<std::string>());
    CHECK(rows.finish());

    BatchBuilder uneven(numbers_schema);
    uneven.column(0).append_i64(1);
    uneven.end_row();
    const auto wrong = uneven.finish();
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().kind == JF_E_STATE);
    CHECK(wrong.error().where == "t");

    BatchBuilder strict(Schema{{"n", Type::int64, false}});
    strict.column(0).append_null();
    strict.end_row();
    CHECK(strict.finish().error().kind == JF_E_DATA);
}

TEST_CASE("released batches give their buffers to the next one", "[sdk][arrow][batch][pool]")
{
    auto pool = std::make_shared<BufferPool>();
    OwnedArray last;
    {
        BatchBuilder batch(Schema{{"n", Type::int64}}, pool);
        const void* before = nullptr;
        for (int round = 0; round < 5; ++round) {
            for (int i = 0; i < 10000; ++i) {
                batch.column(0).append_i64(i);
                batch.end_row();
            }
            last = finished(batch);
            if (round == 3)
                CHECK(pool->kept() > 0);
            if (round >= 4)
                CHECK(before != nullptr);
            before = last->children[0]->buffers[1];
        }
    }
    CHECK(last->children[0]->length == 10000); // outlives its builder
    std::thread([moved = std::move(last)]() mutable { moved.reset(); }).join();
    CHECK(pool->kept() >= 80000);
    CHECK(pool.use_count() == 1);
}

TEST_CASE("a shared batch is released when the last consumer lets go", "[sdk][arrow][share]")
{
    static int released = 0;
    released = 0;
    static void (*inner)(ArrowArray*) = nullptr;
    OwnedArray array = numbers(100);
    inner = array->release;
    array->release = [](ArrowArray* self) {
        ++released;
        inner(self);
    };
    SharedArray shared(std::move(array));
    CHECK(shared.count() == 1);
    OwnedArray first = shared.share();
    OwnedArray second = shared.slice(10, 20);
    CHECK(shared.count() == 7);
    OwnedArray column(*second->children[1]); // moved out of its batch
    second.reset();
    CHECK(shared.count() == 5);
    shared = SharedArray();
    CHECK(released == 0);
    first.reset();
    CHECK(released == 0);
    CHECK(ColumnView(Type::utf8, *column).text(0) == "row 10");
    column.reset();
    CHECK(released == 1);
}

TEST_CASE("slices read as the rows they cut, also slices of slices", "[sdk][arrow][share]")
{
    SharedArray shared(numbers(100));
    for (int round = 0; round < 3; ++round) {
        const OwnedArray slice = shared.slice(9, 1000);
        CHECK(slice->length == shared->length - 9);
        REQUIRE(validate(numbers_schema, *slice, Check::full));
        const BatchView view(numbers_schema, *slice);
        for (std::int64_t i = 0; i < view.rows(); ++i) {
            const std::int64_t row = 9 * (round + 1) + i;
            REQUIRE(view[0].i64(i) == row);
            REQUIRE(view[1].is_null(i) == (row % 3 == 0));
            if (row % 3 != 0)
                REQUIRE(view[1].text(i) == "row " + std::to_string(row));
        }
        shared = SharedArray(shared.slice(9, 1000));
    }
    CHECK(shared.slice(-5, 10)->length == 10);
    CHECK(shared.slice(1000, 10)->length == 0);
    CHECK(shared.slice(0, -1)->length == 0);
}

TEST_CASE("an offset of the batch itself moves all its columns", "[sdk][arrow][share]")
{
    OwnedArray array = numbers(10);
    array->offset = 4;
    array->length = 5;
    REQUIRE(validate(numbers_schema, *array, Check::full));
    CHECK(BatchView(numbers_schema, *array)[1].text(0) == "row 4");
    const SharedArray shared(std::move(array));
    const OwnedArray slice = shared.slice(1, 2);
    CHECK(slice->offset == 0);
    CHECK(BatchView(numbers_schema, *slice)[1].text(0) == "row 5");
    const OwnedArray whole = shared.share();
    CHECK(BatchView(numbers_schema, *whole)[0].i64(4) == 8);
}

TEST_CASE("batches without rows or columns are valid", "[sdk][arrow][batch]")
{
    BatchBuilder empty((Schema(std::vector<Field>{})));
    empty.set_rows(3);
    CHECK(finished(empty)->length == 3);
    BatchBuilder nested(Schema{{"l", *parse_type("list<struct<a: utf8_view>>")}, {"r", *parse_type("run_end<int16, utf8>")},
        {"d", *parse_type("dictionary<int8, utf8>")}, {"m", *parse_type("map<utf8, utf8>")}});
    CHECK(finished(nested)->length == 0);
    const OwnedArray array = numbers(0);
    array->children[1]->buffers[1] = nullptr;
    array->children[1]->buffers[2] = nullptr;
    CHECK(validate(numbers_schema, *array, Check::full));
}

TEST_CASE("arrays of broken producers are refused before anybody reads them", "[sdk][arrow][hostile]")
{
    const auto refused = [](const Schema& schema, const std::function<OwnedArray()>& make, const std::function<void(ArrowArray&)>& damage, Check check) {
        OwnedArray array = make();
        // The damage is undone before the release, since the owner of the memory is honest.
        const ArrowArray before = *array;
        std::vector<ArrowArray> children;
        for (std::int64_t i = 0; i < array->n_children; ++i)
            children.push_back(*array->children[i]);
        damage(*array);
        const Status status = validate(schema, *array, check);
        *array = before;
        for (std::size_t i = 0; i < children.size(); ++i)
            *array->children[i] = children[i];
        if (!status)
            CHECK(status.error().kind == JF_E_DATA);
        return !status;
    };
    const auto both = [&](const std::function<void(ArrowArray&)>& damage) {
        return refused(numbers_schema, [] { return numbers(10); }, damage, Check::cheap);
    };
    CHECK_FALSE(both([](ArrowArray&) {}));
    CHECK(both([](ArrowArray& array) { array.release = nullptr; }));
    CHECK(both([](ArrowArray& array) { array.n_children = 1; }));
    CHECK(both([](ArrowArray& array) { array.n_children = -1; }));
    CHECK(both([](ArrowArray& array) { array.children = nullptr; }));
    CHECK(both([](ArrowArray& array) { array.length = 11; }));
    CHECK(both([](ArrowArray& array) { array.length = -1; }));
    CHECK(both([](ArrowArray& array) { array.offset = 1; }));
    CHECK(both([](ArrowArray& array) { array.offset = INT64_MAX; }));
    CHECK(both([](ArrowArray& array) { array.null_count = 11; }));
    CHECK(both([](ArrowArray& array) { array.n_buffers = 0; }));
    CHECK(both([](ArrowArray& array) { array.buffers = nullptr; }));
    CHECK(both([](ArrowArray& array) { array.children[0]->length = 9; }));
    CHECK(both([](ArrowArray& array) { array.children[0]->n_buffers = 3; }));
    CHECK(both([](ArrowArray& array) { array.children[1]->n_buffers = 2; }));
    CHECK(both([](ArrowArray& array) { array.children[0]->null_count = 3; }));
    CHECK(both([](ArrowArray& array) { array.children[0]->dictionary = array.children[1]; }));
    CHECK(both([](ArrowArray& array) { array.children[1]->release = nullptr; }));
    CHECK(both([](ArrowArray& array) { array.children[0]->length = INT64_MAX; array.children[0]->offset = INT64_MAX; }));

    const auto offsets = [](ArrowArray& array) { return static_cast<std::int32_t*>(const_cast<void*>(array.children[1]->buffers[1])); };
    CHECK(both([&](ArrowArray& array) { offsets(array)[0] = -1; }));
    CHECK(both([&](ArrowArray& array) { offsets(array)[10] = -1; }));
    CHECK(refused(numbers_schema, [] { return numbers(10); }, [&](ArrowArray& array) { offsets(array)[5] = 1 << 30; }, Check::full));

    const Schema odd{{"d", *parse_type("dictionary<int8, utf8>")}, {"l", *parse_type("list<int8>")}, {"v", Type::utf8_view}, {"r", *parse_type("run_end<int32, int8>")}};
    const auto make = [&] {
        BatchBuilder batch(odd);
        batch.column(0).child(0).append_text("one");
        for (int i = 0; i < 4; ++i) {
            batch.column(0).append_i64(0);
            batch.column(1).child(0).append_i64(i);
            batch.column(1).end_list();
            batch.column(2).append_text("a text longer than twelve bytes");
            batch.column(3).child(0).append_i64(i + 1);
            batch.column(3).child(1).append_i64(i);
            batch.end_row();
        }
        batch.column(3).set_length(4);
        return finished(batch);
    };
    const auto lies = [&](const std::function<void(ArrowArray&)>& damage) { return refused(odd, make, damage, Check::full); };
    CHECK_FALSE(lies([](ArrowArray&) {}));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int8_t*>(const_cast<void*>(array.children[0]->buffers[1]))[2] = 1; }));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int8_t*>(const_cast<void*>(array.children[0]->buffers[1]))[2] = -1; }));
    CHECK(lies([](ArrowArray& array) { array.children[0]->dictionary = nullptr; }));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int32_t*>(const_cast<void*>(array.children[1]->buffers[1]))[4] = 5; }));
    for (const int part : {0, 2, 3})
        CHECK(lies([&](ArrowArray& array) { static_cast<std::int32_t*>(const_cast<void*>(array.children[2]->buffers[1]))[4 + part] = 1000; }));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int32_t*>(const_cast<void*>(array.children[2]->buffers[1]))[4] = -1; }));
    CHECK(lies([](ArrowArray& array) { array.children[2]->n_buffers = 2; }));
    CHECK(lies([](ArrowArray& array) { array.children[3]->children[0]->null_count = 1; }));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int32_t*>(const_cast<void*>(array.children[3]->children[0]->buffers[1]))[3] = 3; }));
    CHECK(lies([](ArrowArray& array) { static_cast<std::int32_t*>(const_cast<void*>(array.children[3]->children[0]->buffers[1]))[1] = 1; }));
}
