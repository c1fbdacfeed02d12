// OptionsSchema: broken ones are named, good ones fill and check.
#include "flow/schema_check.hpp"

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

using namespace jackfield;

namespace {

std::string why_broken(std::string_view text)
{
    const auto schema = OptionsSchema::compile(text, "acme");
    return schema ? "" : schema.error().message;
}

struct Checked {
    std::string value;
    std::string faults; // "path: message; …"
    std::vector<SecretUse> secrets;
};

Checked check(std::string_view schema_text, std::string_view value_text, const std::set<std::string>& deferred = {})
{
    const auto schema = OptionsSchema::compile(schema_text, "acme");
    REQUIRE(schema);
    auto value = boost::json::parse(boost::json::string_view(value_text.data(), value_text.size()));
    auto outcome = (*schema)->check(value, deferred);
    Checked out{boost::json::serialize(value), {}, std::move(outcome.secrets)};
    for (const auto& fault : outcome.faults)
        out.faults += (out.faults.empty() ? "" : "; ") + fault.path.dotted() + ": " + fault.message;
    return out;
}

} // namespace

TEST_CASE("a broken schema is one clear error", "[flow][schema]")
{
    for (const auto* text :
         {"", "{", "[]", "3", R"({"type":"strnig"})", R"({"type":[]})", R"({"properties":[]})", R"({"properties":{"a":3}})",
          R"({"required":"a"})", R"({"minimum":"1"})", R"({"enum":[]})", R"({"pattern":"("})", R"({"minLength":-1})",
          R"({"$ref":"http://example.com/x"})", R"({"$ref":"other.json"})", R"({"$ref":"#/nowhere"})", R"({"$ref":"#"})",
          R"({"allOf":[{"$ref":"#"}]})", R"({"definitions":{"a":{"anyOf":[{"$ref":"#/definitions/b"}]},"b":{"not":{"$ref":"#/definitions/a"}}},"$ref":"#/definitions/a"})",
          R"({"properties":{"a":{"type":"integer","default":"x"}}})", R"({"multipleOf":0})", R"({"x-jf-format":"colour"})",
          R"({"x-jf-secret":"yes"})", R"({"anyOf":[]})", R"({"items":3})", R"({"dependencies":{"a":3}})"}) {
        INFO(text);
        const auto why = why_broken(text);
        CHECK(why.find("the options schema of acme is broken: ") == 0);
        CHECK(why.find("tell the author of the plugin") != std::string::npos);
    }
    CHECK(why_broken("{\"pattern\":\"" + std::string(100'000, '(') + "\"}") != "");
}

TEST_CASE("a schema that refers to itself deeper down is good", "[flow][schema]")
{
    const auto* tree = R"({"type":"object","additionalProperties":false,"properties":{"child":{"$ref":"#"},"n":{"type":"integer"}}})";
    CHECK(check(tree, R"({"child":{"child":{"n":1}}})").faults.empty());
    CHECK(check(tree, R"({"child":{"child":{"n":"x"}}})").faults == "child.child.n: expected a whole number, got 'x'");
}

TEST_CASE("defaults are filled in, also within objects, lists and the branch that fits", "[flow][schema]")
{
    const auto* schema = R"({"type":"object","properties":{
        "a":{"type":"integer","default":1},
        "group":{"type":"object","default":{},"properties":{"b":{"type":"string","default":"x"}}},
        "absent":{"type":"object","properties":{"c":{"default":1}}},
        "list":{"type":"array","items":{"type":"object","properties":{"d":{"default":2}}}},
        "either":{"oneOf":[{"type":"string"},{"type":"object","properties":{"e":{"default":3}}}]}}})";
    CHECK(check(schema, R"({"list":[{}],"either":{}})").value ==
          R"({"list":[{"d":2}],"either":{"e":3},"a":1,"group":{"b":"x"}})");
}

TEST_CASE("a condition sees the defaults", "[flow][schema]")
{
    const auto* schema = R"({"type":"object","properties":{"mode":{"type":"string","default":"append"},"key":{"type":"string"}},
        "if":{"properties":{"mode":{"const":"upsert"}}},"then":{"required":["key"]}})";
    CHECK(check(schema, "{}").faults.empty());
    CHECK(check(schema, R"({"mode":"upsert"})").faults == "key: is missing; expected a value");
}

TEST_CASE("secrets are collected wherever they are, and a literal is never repeated", "[flow][schema]")
{
    const auto* schema = R"({"type":"object","additionalProperties":false,"properties":{
        "password":{"x-jf-secret":true},
        "proxy":{"type":"object","properties":{"keys":{"type":"array","items":{"x-jf-secret":true}}}}}})";
    const auto good = check(schema, R"({"password":{"secret":"env:A"},"proxy":{"keys":[{"secret":"file:/b"}]}})");
    CHECK(good.faults.empty());
    REQUIRE(good.secrets.size() == 2);
    CHECK(good.secrets[0].pointer == "/password");
    CHECK(good.secrets[1].pointer == "/proxy/keys/0");
    CHECK(good.secrets[1].reference == "file:/b");
    for (const auto* bad : {R"({"password":"hunter2"})", R"({"password":["hunter2"]})", R"({"password":{"secret":"hunter2"}})",
                            R"({"password":{"secret":"env:A","other":"hunter2"}})", R"({"proxy":{"keys":["hunter2"]}})",
                            R"({"pasword":"hunter2"})"}) {
        const auto faults = check(schema, bad).faults;
        INFO(faults);
        CHECK_FALSE(faults.empty());
        CHECK(faults.find("hunter2") == std::string::npos);
    }
}

TEST_CASE("strings whose value comes later are not checked", "[flow][schema]")
{
    const auto* schema = R"({"type":"object","properties":{"n":{"type":"integer"},"m":{"type":"integer"}}})";
    CHECK(check(schema, R"({"n":"${item}","m":1})", {"/n"}).faults.empty());
    CHECK(check(schema, R"({"n":"${item}","m":"x"})", {"/n"}).faults == "m: expected a whole number, got 'x'");
}

TEST_CASE("of several forms the one that was meant explains the fault", "[flow][schema]")
{
    const auto* schema = R"({"oneOf":[
        {"type":"object","required":["kind","a"],"properties":{"kind":{"const":"one"},"a":{"type":"integer"}}},
        {"type":"object","required":["kind","b"],"properties":{"kind":{"const":"two"},"b":{"type":"integer"}}}]})";
    CHECK(check(schema, R"({"kind":"two","b":"x"})").faults == "b: expected a whole number, got 'x'");
    CHECK(check(schema, "3").faults == ": expected an object, got 3");
    CHECK(check(R"({"anyOf":[{"type":"string"},{"type":"array"}]})", "3").faults == ": expected a string or a list, got 3");
}

TEST_CASE("keywords of objects and lists are held", "[flow][schema]")
{
    CHECK(check(R"({"propertyNames":{"pattern":"^a"}})", R"({"b":1})").faults == "b: this name is not allowed here");
    CHECK(check(R"({"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false})", R"({"x1":"a"})").faults ==
          "x1: expected a whole number, got 'a'");
    CHECK(check(R"({"dependencies":{"a":["b"]}})", R"({"a":1})").faults == "b: is missing; 'a' needs it");
    CHECK(check(R"({"contains":{"type":"integer"}})", R"(["a"])").faults == ": needs an element that is a whole number");
    CHECK(check(R"({"not":{"type":"string"}})", R"("a")").faults == ": 'a' is not allowed here");
    CHECK(check(R"({"multipleOf":0.1})", "0.3").faults.empty());
    CHECK(check(R"({"items":[{"type":"integer"}],"additionalItems":false})", "[1,2]").faults == "[1]: is not allowed here");
    CHECK(check(R"({"minProperties":1})", "{}").faults == ": needs at least 1 member");
}

TEST_CASE("a long text never reaches the regular expression", "[flow][schema]")
{
    const auto text = "\"" + std::string(1'000'000, 'a') + "\"";
    CHECK(check(R"({"type":"string","pattern":"^a*$"})", text).faults == ": must have at most 1000 bytes");
    CHECK(check(R"({"type":"string","format":"date"})", text).faults.empty());
}

TEST_CASE("a schema of nested alternatives is given up, not waited for", "[flow][schema]")
{
    std::string schema = R"({"definitions":{"a0":{"type":"integer"})";
    for (int i = 1; i <= 40; ++i) {
        const auto below = R"({"$ref":"#/definitions/a)" + std::to_string(i - 1) + "\"}";
        schema += ",\"a" + std::to_string(i) + "\":{\"anyOf\":[" + below + "," + below + "]}";
    }
    schema += R"(},"$ref":"#/definitions/a40"})";
    CHECK(check(schema, R"("x")").faults.find("too many alternatives") != std::string::npos);
}

TEST_CASE("the store compiles a text once and remembers a broken one", "[flow][schema]")
{
    SchemaStore store;
    const auto first = store.get("{}", "acme");
    REQUIRE(first);
    CHECK(first->get() == store.get("{}", "acme")->get());
    CHECK_FALSE(store.get("[", "acme"));
    CHECK_FALSE(store.get("[", "acme"));
}
