// Paths into JSON bodies, records, flattening.
#include "body.hpp"

#include <catch2/catch.hpp>

using namespace jackfield;
using namespace jackfield::http;

namespace {

JsonBody body(const std::string& text) { return JsonBody::read(text, 64).value(); }

} // namespace

TEST_CASE("a path is names with dots, or a JSON Pointer")
{
    CHECK(path_steps("").empty());
    CHECK(path_steps("a.b.0") == std::vector<std::string>{"a", "b", "0"});
    CHECK(path_steps("/a.b/c~1d~0e") == std::vector<std::string>{"a.b", "c/d~e"});
    CHECK(path_steps("/") == std::vector<std::string>{""});
}

TEST_CASE("a value is found as the text that it was sent as")
{
    const JsonBody it = body(R"( {"a": {"b": [10, {"c": 1.50e2}, "x"]}, "q\"uote": null, "": true} )");
    CHECK(it.at("a.b.1.c") == "1.50e2");
    CHECK(it.at("/a/b/2") == "\"x\"");
    CHECK(it.at("/q\"uote") == "null");
    CHECK(it.at("/") == "true");
    CHECK(it.at("a.b") == R"([10, {"c": 1.50e2}, "x"])");
    for (const char* none : {"b", "a.c", "a.b.3", "a.b.-1", "a.b.x", "a.b.1.c.d"})
        CHECK_FALSE(it.at(none));
}

TEST_CASE("what leads on is text or a number")
{
    const JsonBody it = body(R"({"t": "a\u0062", "n": 12345678901234567890, "no": null, "f": false, "e": "", "o": {}, "y": true})");
    CHECK(it.scalar("t").value() == "ab");
    CHECK(it.scalar("n").value() == "12345678901234567890");
    for (const char* none : {"no", "f", "e", "missing"})
        CHECK_FALSE(it.scalar(none).value());
    CHECK_FALSE(it.scalar("o"));
    CHECK_FALSE(it.scalar("y"));
}

TEST_CASE("records are an array, an object, or nothing")
{
    CHECK(body("[]").records("", {}).value() == "[]");
    CHECK(body(R"({"a": [{"b": 1}]})").records("a", {}).value() == R"([{"b": 1}])");
    CHECK(body(R"({"a": {"b": 1}})").records("a", {}).value() == R"([{"b": 1}])");
    CHECK(body(R"({"a": null})").records("a", {}).value() == "[]");
    const auto missing = body(R"({"data": {"rows": [], "total": 3}})").records("data.items", {});
    CHECK(missing.error().message.find(R"(there is "rows", "total")") != std::string::npos);
    CHECK(body("3").records("", {}).error().kind == JF_E_DATA);
}

TEST_CASE("objects inside of records become fields of their own")
{
    CHECK(body(R"([{"a": {"b": {"c": 1}, "d": [1, {"e": 2}]}, "f": {}, "g": null}, 7])").records("", "_").value()
        == "[{\"a_b_c\":1,\"a_d\":[1, {\"e\": 2}],\"f\":{},\"g\":null},\n7]");
    CHECK(body(R"([{"\u00e4": {"x\"y": 1}}])").records("", "\"").value() == "[{\"\\u00e4\\\"x\\\"y\":1}]");
    CHECK(body("[{}]").records("", ".").value() == "[{}]");
    CHECK(flatten_lines("{\"a\":{\"b\":1}}\n\nno json\n{\"c\":2}", "_", 64) == "{\"a_b\":1}\n\nno json\n{\"c\":2}\n");
}

TEST_CASE("what is no JSON is refused with the reason")
{
    const auto reason = [](const std::string& text) { return JsonBody::read(text, 8).error().message; };
    CHECK(reason("").find("empty") != std::string::npos);
    CHECK(reason("<html>").find("<html>") != std::string::npos);
    CHECK(reason("[\"\xff\"]").find("UTF-8") != std::string::npos);
    CHECK(reason("[\"a\x01\"]").find("control character") != std::string::npos);
    CHECK(reason("[\"a").find("not closed") != std::string::npos);
    CHECK(reason("[[[[[[[[[[]]]]]]]]]]").find("deeper than 8") != std::string::npos);
    for (const char* bad : {"[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "[}", "[1]]", "[01]", "nul", "[1] x", "{,}"})
        CHECK(JsonBody::read(bad, 8).error().kind == JF_E_DATA);
    CHECK(JsonBody::read("[[[[[[[[1]]]]]]]]", 8));
    CHECK(JsonBody::read("\xEF\xBB\xBF[1]", 8));
}
