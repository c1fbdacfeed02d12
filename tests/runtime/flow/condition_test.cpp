// Condition: the language of "when".
#include <jackfield/runtime/flow.hpp>

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>

using namespace jackfield;

namespace {

/// "true", "false", or the error.
std::string answer(std::string_view text)
{
    static const auto parameters = boost::json::parse(
        R"({"full":true,"n":3,"x":1.5,"region":"eu","day":"2026-01-31","list":["a","b"],"none":null,"quote":"' or true or '"})");
    static const auto results = boost::json::parse(R"({"land":{"rows":10,"parts":[{"ok":true}]},"skipped":null})");
    static const boost::json::value item = boost::json::parse(R"({"id":7})");
    const auto condition = Condition::parse(text);
    if (!condition)
        return condition.error().message + " at " + condition.error().where;
    const auto holds = condition->evaluate(parameters.get_object(), {&item, 2, &results.get_object()});
    return !holds ? holds.error().message : *holds ? "true" : "false";
}

} // namespace

TEST_CASE("conditions compare, combine and look into lists", "[flow][when]")
{
    for (const auto* text :
         {"${full}", "${full} == true", "not ${full} == false", "${n} == 3", "${n} == 3.0", "${x} < 2", "${n} >= 3 and ${x} <= 1.5",
          "${region} in ['eu', 'us']", "${region} not in [\"asia\"]", "${day} > '2025-12-31'", "'b' in ${list}", "${none} == null",
          "${region} != null", "false or (true and not false)", "${tasks.land.result.rows} > 5", "${tasks.land.result.parts[0].ok}",
          "${item.id} == 7 and ${item_index} == 2", "${tasks.skipped.result} == null", "true or ${n} == 'x'", "-1 < 0", "not not true",
          "[1, 2] == [1, 2]", "${n} in [1, ${item_index}, 3]"}) {
        INFO(text);
        CHECK(answer(text) == "true");
    }
    for (const auto* text : {"not ${full}", "${n} > 3", "${region} in []", "false and ${n} == 'x'", "${none} != null", "${quote} == ''"}) {
        INFO(text);
        CHECK(answer(text) == "false");
    }
}

TEST_CASE("'and' binds closer than 'or'", "[flow][when]")
{
    CHECK(answer("true or false and false") == "true");
    CHECK(answer("(true or false) and false") == "false");
}

TEST_CASE("kinds that do not compare are an error, not false", "[flow][when]")
{
    CHECK(answer("${full} == 'true'").find("cannot be compared by '=='") != std::string::npos);
    CHECK(answer("${n} < 'a'").find("cannot be compared by '<'") != std::string::npos);
    CHECK(answer("${n}").find("expected true or false, got 3") != std::string::npos);
    CHECK(answer("'a' in 'abc'").find("expects a list") != std::string::npos);
    CHECK(answer("${tasks.other.result}").find("'other' has no result") != std::string::npos);
    CHECK(answer("${tasks.land.result.nope} == 1").find("there is no 'nope' in it") != std::string::npos);
}

TEST_CASE("a condition that cannot be read says where and what was expected", "[flow][when]")
{
    CHECK(answer("").find("expected a value, found the end at column 1") == 0);
    CHECK(answer("full == true").find("a parameter is written ${full}, text 'full'") == 0);
    CHECK(answer("${full} = true").find("'=' is no comparison; write '=='") == 0);
    CHECK(answer("(true").find("expected ')'") == 0);
    CHECK(answer("[1, 2").find("expected ',' or ']'") == 0);
    CHECK(answer("'abc").find("this text is not closed") == 0);
    CHECK(answer("true true").find("expected 'and', 'or' or the end, found 'true' at column 6") == 0);
    CHECK(answer("${a b}").find("is no reference") != std::string::npos);
    CHECK(answer(std::string(5000, '(')).find("at most 4096 characters") != std::string::npos);
    CHECK(answer(std::string(1000, '(')).find("nested deeper than 32 levels") == 0);
    CHECK(answer(std::string(1000, '[')).find("nested deeper than 32 levels") == 0);
}
