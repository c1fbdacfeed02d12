// NDJSON and JSON arrays: types, order of fields, bad records.
#include "support.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::files;
using namespace jackfield::files::test;

TEST_CASE("NDJSON types are inferred, nested values stay JSON text, missing fields are null")
{
    const Decoded out = decode_json("{\"i\":1,\"d\":1.5,\"s\":\"a\\u00e9\\n\",\"t\":\"2024-01-02T03:04:05Z\",\"o\":{\"x\":[1,2]},\"b\":true,\"m\":1}\n"
                                    "\n"
                                    "{\"b\":false,\"s\":\"b\",\"d\":2,\"m\":\"two\",\"big\":18446744073709551615}\n");
    CHECK(out.schema == "i:int64 d:float64 s:utf8 t:timestamp(us, UTC) o:utf8 b:bool m:utf8 big:uint64");
    REQUIRE(out.rows.size() == 2);
    CHECK(out.rows[0] == R"({"i":1,"d":1.5,"s":"aé\n","t":"2024-01-02T03:04:05Z","o":"{\"x\":[1,2]}","b":true,"m":"1","big":null})");
    CHECK(out.rows[1] == R"({"i":null,"d":2,"s":"b","t":null,"o":null,"b":false,"m":"two","big":18446744073709551615})");
    CHECK(out.bad.empty());
}

TEST_CASE("declared JSON columns are exact, in any order, with lists and structs")
{
    JsonOptions options;
    options.columns = {{"amount", DataType::decimal(30, 4)}, {"tags", DataType::list(Type::utf8)},
        {"at", DataType::structure({{"x", Type::int32}, {"y", Type::float64}})}, {"id", Type::int64}};
    const Decoded out = decode_json("{\"id\":9007199254740993,\"other\":[{}],\"amount\":12345678901234567890.1234,\"tags\":[\"a\",null],\"at\":{\"y\":2.5}}\n"
                                    "{\"id\":\"42\",\"tags\":[],\"at\":null}\n",
        options);
    CHECK(out.rows == Lines{R"({"amount":12345678901234567890.1234,"tags":["a",null],"at":{"x":null,"y":2.5},"id":9007199254740993})",
        R"({"amount":null,"tags":[],"at":null,"id":42})"});
}

TEST_CASE("records in the order of the columns read like records in any other")
{
    JsonOptions options;
    options.columns = {{"id", Type::int64}, {"n", Type::int32}, {"price", Type::float64}, {"ok", Type::boolean}, {"text", Type::utf8},
        {"at", DataType(Type::timestamp, Unit::milli, "UTC")}, {"a_name_of_more_than_sixteen", Type::utf8}};
    const Lines fields = {R"("id":-9007199254740993)", R"("n":-2147483648)", R"("price":-0.5)", R"("ok":false)", R"("text":"tab\tand é")",
        R"("at":"2024-02-29T23:59:59.125Z")", R"("a_name_of_more_than_sixteen":"x")"};
    const std::string row = R"({"id":-9007199254740993,"n":-2147483648,"price":-0.5,"ok":false,"text":"tab\tand é","at":"2024-02-29T23:59:59.125Z","a_name_of_more_than_sixteen":"x"})";
    for (const std::string separator : {",", " ,", ", ", ",\t"})
        for (std::size_t turn = 0; turn < fields.size(); ++turn) { // each field comes first once
            std::string record = "{";
            for (std::size_t i = 0; i < fields.size(); ++i)
                record += (i ? separator : "") + fields[(i + turn) % fields.size()];
            INFO(record);
            CHECK(decode_json(record + "}\n" + record + " }\n", options).rows == Lines{row, row});
        }
}

TEST_CASE("a null, a missing field, an unknown field or a wrong value in the middle changes nothing around it")
{
    JsonOptions options;
    options.columns = {{"a", Type::int64}, {"b", Type::boolean}, {"c", Type::utf8}};
    const Decoded out = decode_json("{\"a\":1,\"b\":null,\"c\":\"x\"}\n"
                                    "{\"a\":null,\"b\":true,\"c\":7}\n"
                                    "{\"a\":2,\"b\":truE,\"c\":\"y\"}\n"
                                    "{\"a\":null,\"b\":null,\"c\":\"\\x\"}\n"
                                    "{\"a\":3,\"z\":{\"a\":9},\"c\":\"\"}\n"
                                    "{\"a\":4,\"b\":false}\n"
                                    "{\"a\":5,\"b\":true,\"c\":\"w\",\"a\":6}\n"
                                    "{}\n"
                                    "{\"a\":12345678901234567,\"b\":true,\"c\":{}}\n",
        options);
    CHECK(out.rows == Lines{R"({"a":1,"b":null,"c":"x"})", R"({"a":null,"b":true,"c":"7"})", R"({"a":3,"b":null,"c":""})", R"({"a":4,"b":false,"c":null})",
        R"({"a":null,"b":null,"c":null})", R"({"a":12345678901234567,"b":true,"c":"{}"})"});
    CHECK(out.bad == Lines{"3 b type", "4 c json", "7 a json"});
}

TEST_CASE("a column whose name JSON has to escape is not taken for a field that begins like it")
{
    JsonOptions options;
    options.columns = {{"a\\", Type::int64}};
    CHECK(decode_json("{\"a\\\":x\":1}\n{\"a\\\\\":2}\n", options).rows == Lines{R"({"a\\":null})", R"({"a\\":2})"});
}

TEST_CASE("a bad NDJSON record spoils no other, whatever is wrong with it")
{
    JsonOptions options;
    options.columns = {{"a", Type::int64}, {"s", Type::utf8}};
    const std::string good = "{\"a\":1,\"s\":\"x\"}\n";
    for (const std::string bad : {"{\"a\":1", "{\"a\":1}}", "{\"a\":x}", "{\"a\":1.5}", "{\"a\":007}", "[1]", "5", "{\"a\":1,}", "{\"a\" 1}", "{\"s\":\"open}",
             "{\"s\":\"\x01\"}", "{\"s\":\"\xFF\"}", "{\"s\":\"\\q\"}", "{\"a\":1}{\"a\":2}", "{\"a\":99999999999999999999}", "{\"a\":1,\"a\":2}", "{\"s\":[1,}", "{\"a\":+1}", "\"",
             "{\"s\":tru}", "{\"s\":\"\\ud800\"}"}) {
        INFO(bad);
        const Decoded out = decode_json(good + bad + "\n" + good, options);
        CHECK(out.rows == Lines{R"({"a":1,"s":"x"})", R"({"a":1,"s":"x"})"});
        REQUIRE(out.bad.size() == 1);
        CHECK(out.bad[0].substr(0, 2) == "2 ");
    }
}

TEST_CASE("a JSON array of objects is read record by record, on many lines or one")
{
    JsonOptions options;
    options.lines = false;
    CHECK(decode_json("[{\"a\":1},\n {\"a\":\n2}, {\"a\":3}]\n", options).rows == Lines{R"({"a":1})", R"({"a":2})", R"({"a":3})"});
    CHECK(decode_json("{\"a\":1}\n{\n\"a\":2}", options).rows == Lines{R"({"a":1})", R"({"a":2})"});
    options.columns = {{"a", Type::int64}};
    CHECK(decode_json("[]", options).rows.empty());
    CHECK(decode_json("[{\"a\":1},{\"a\":\"x\"},\n{\"a\":3}]", options).bad == Lines{"1 a type"});
    CHECK(decode_json("[{\"a\":1}", options).error.find("not closed") != std::string::npos);
}

TEST_CASE("an NDJSON file may begin with a blank line and a bad one")
{
    CHECK(decode_json("\n{\"a\":1}\n").rows == Lines{R"({"a":1})"});
    JsonOptions options;
    options.columns = {{"a", Type::int64}};
    CHECK(decode_json("\n\xFF\n{\"a\":1}\n", options).rows == Lines{R"({"a":1})"});
}

TEST_CASE("a field that the sample did not have is refused where the schema was inferred")
{
    JsonOptions options;
    options.sample_rows = 1;
    CHECK(decode_json("{\"a\":1}\n{\"a\":2,\"new\":3}\n", options).bad == Lines{"2  field"});
    options.unknown = UnknownField::ignore;
    CHECK(decode_json("{\"a\":1}\n{\"a\":2,\"new\":3}\n", options).rows.size() == 2);
}

TEST_CASE("NDJSON batches of any size give the same rows")
{
    std::string text;
    for (int i = 0; i < 20000; ++i)
        text += "{\"i\":" + std::to_string(i) + (i % 3 ? ",\"s\":\"v" + std::to_string(i) + "\"" : "") + ",\"ok\":" + (i % 2 ? "true" : "null") + "}\n";
    const Decoded whole = decode_json(text);
    REQUIRE(whole.rows.size() == 20000);
    CHECK(whole.rows[19999] == R"({"i":19999,"ok":true,"s":"v19999"})");
    for (const std::uint64_t rows : {1u, 7u, 1000u})
        CHECK(decode_json(text, {}, rows).rows == whole.rows);
}
