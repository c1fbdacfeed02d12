// CSV: dialects, types and bad rows.
#include "support.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::files;
using namespace jackfield::files::test;

TEST_CASE("CSV types are inferred from a sample, and codes with leading zeros stay text")
{
    const Decoded out = decode_csv("i,d,b,t,z,day,code,mixed,none\n"
                                   "1,2,true,2024-01-02 03:04:05,2024-01-02T03:04:05Z,2024-01-02,007,x,\n"
                                   "-2,2.5,FALSE,2024-01-02 03:04:05.5,2024-01-02 05:04:05+02:00,2024-12-31,12,1,\n");
    CHECK(out.schema == "i:int64 d:float64 b:bool t:timestamp(us) z:timestamp(us, UTC) day:date code:utf8 mixed:utf8 none:utf8");
    REQUIRE(out.rows.size() == 2);
    CHECK(out.rows[0] == R"({"i":1,"d":2,"b":true,"t":"2024-01-02T03:04:05","z":"2024-01-02T03:04:05Z","day":"2024-01-02","code":"007","mixed":"x","none":null})");
    CHECK(out.rows[1] == R"({"i":-2,"d":2.5,"b":false,"t":"2024-01-02T03:04:05.500000","z":"2024-01-02T03:04:05Z","day":"2024-12-31","code":"12","mixed":"1","none":null})");
}

TEST_CASE("quoted CSV fields hold delimiters, line ends and doubled quotes")
{
    const Decoded out = decode_csv("a,b\r\n\"x,y\",\"line1\nline2\"\r\n\"say \"\"hi\"\"\",\"\"\r\nplain,\r\n");
    REQUIRE(out.rows.size() == 3);
    CHECK(out.rows[0] == R"({"a":"x,y","b":"line1\nline2"})");
    CHECK(out.rows[1] == R"({"a":"say \"hi\"","b":""})");
    CHECK(out.rows[2] == R"({"a":"plain","b":null})"); // only a field that is not quoted is null
}

TEST_CASE("a CSV row that does not fit is reported with line, column and reason, and the others go on")
{
    CsvOptions options;
    options.columns = {{"id", Type::int32}, {"amount", DataType::decimal(6, 2)}};
    const Decoded out = decode_csv("id,amount\n1,1.50\n2\nx,2\n3,1.234\n4,4\n99999999999,1\n5,5,5\n\n6,6\n", options);
    CHECK(out.rows == Lines{R"({"id":1,"amount":1.50})", R"({"id":4,"amount":4.00})", R"({"id":6,"amount":6.00})"});
    CHECK(out.bad == Lines{"3  fields", "4 id type", "5 amount inexact", "7 id range", "8  fields"});
}

TEST_CASE("CSV lines are counted across quoted line ends")
{
    CsvOptions options;
    options.columns = {{"a", Type::int64}};
    CHECK(decode_csv("a,b\n1,\"x\ny\nz\"\nbad,1\n", options).bad == Lines{"5 a type"});
}

TEST_CASE("CSV reads other dialects: delimiter, escape, comment, trim, null spellings, skipped lines, no header")
{
    CsvOptions options;
    options.dialect = {.delimiter = ';', .quote = '\'', .escape = '\\', .comment = '#', .trim = true};
    options.header = false;
    options.names = {"a", "b"};
    options.skip_lines = 1;
    options.nulls = {"", "NA"};
    const Decoded out = decode_csv("a title\n# remark; with ' quote\n 1 ; 'x;\\'y' \nNA;a\\;b\n", options);
    CHECK(out.schema == "a:int64 b:utf8");
    CHECK(out.rows == Lines{R"({"a":1,"b":"x;'y"})", R"({"a":null,"b":"a;b"})"});
}

TEST_CASE("a byte order mark is skipped, and UTF-16 is refused with the remedy")
{
    CHECK(decode_csv("\xEF\xBB\xBF""a\n1\n").rows == Lines{R"({"a":1})"});
    CHECK(decode_csv(std::string("\xFF\xFE""a\0\n\0", 6)).error.find("UTF-16") != std::string::npos);
}

TEST_CASE("invalid UTF-8 in CSV is named with its line")
{
    const Decoded out = decode_csv("a,b\nx,1\n\xC3(,2\ny,3\n");
    CHECK(out.bad == Lines{"3 a encoding"});
    CHECK(out.rows.size() == 2);
}

TEST_CASE("a CSV quote that is never closed is one bad record")
{
    const Decoded out = decode_csv("a,b\n1,2\n3,\"4\n5,6\n");
    CHECK(out.rows.size() == 1);
    CHECK(out.bad == Lines{"3  quote"});
}

TEST_CASE("a record longer than max_record is refused with a sentence")
{
    CsvDecoder decoder(window_of("a\n" + std::string(3 << 20, 'x') + "\n", 1 << 20), {}, "text");
    const Decoded out = drain(decoder);
    CHECK(out.error.find("longer than 1048576 bytes; raise max_record") != std::string::npos);
}

TEST_CASE("the last CSV row needs no line end, and an empty file is named")
{
    CHECK(decode_csv("a,b\n1,2").rows == Lines{R"({"a":1,"b":2})"});
    CHECK(decode_csv("").error.find("is empty") != std::string::npos);
    CHECK(decode_csv("a,b\n").rows.empty());
}

TEST_CASE("CSV batches of any size give the same rows, with nulls across their borders")
{
    std::string text = "n,s,b\n";
    for (int i = 0; i < 30000; ++i)
        text += (i % 3 ? std::to_string(i) : "") + "," + (i % 5 ? "t" + std::to_string(i) : "") + "," + (i % 7 ? i % 2 ? "true" : "false" : "") + "\n";
    const Decoded whole = decode_csv(text);
    REQUIRE(whole.rows.size() == 30000);
    CHECK(whole.rows[0] == R"({"n":null,"s":null,"b":null})");
    CHECK(whole.rows[29999] == R"({"n":29999,"s":"t29999","b":true})");
    for (const std::uint64_t rows : {1u, 7u, 1000u})
        CHECK(decode_csv(text, {}, rows).rows == whole.rows);
}
