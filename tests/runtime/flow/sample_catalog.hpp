// The components that the test cases use: schemas as real plugins have them, without plugins.
#pragma once

#include <jackfield/runtime/flow.hpp>

#include <map>
#include <string>
#include <utility>

/// Value. Any thread once filled.
class SampleCatalog final : public jackfield::ComponentCatalog {
public:
    using Kind = jackfield::ComponentKind;

    SampleCatalog()
    {
        add(Kind::source, "files.csv", R"({"type":"object","additionalProperties":false,"required":["path"],"properties":{
            "path":{"type":"string","minLength":1,"x-jf-format":"path","description":"file or glob"},
            "header":{"type":"boolean","default":true},
            "delimiter":{"type":"string","default":",","minLength":1,"maxLength":1},
            "bad_rows":{"type":"string","enum":["fail","quarantine"],"default":"fail"},
            "types":{"type":"object","additionalProperties":{"type":"string","x-jf-format":"type"}},
            "dialect":{"type":"object","default":{},"additionalProperties":false,"properties":{
                "quote":{"type":"string","default":"\""},"trim":{"type":"boolean","default":false}}}}})");
        add(Kind::source, "counter", R"({"type":"object","additionalProperties":false,"required":["last"],"properties":{
            "last":{"type":"integer","minimum":1,"maximum":1000000,"description":"the last number"},
            "share":{"type":"number","exclusiveMinimum":0,"maximum":1,"default":0.5},
            "pause":{"type":"string","x-jf-format":"duration"},
            "buffer":{"type":"string","x-jf-format":"size","default":"64MB"},
            "tags":{"type":"array","minItems":1,"uniqueItems":true,"items":{"type":"string","pattern":"^[a-z]+$"}}}})");
        add(Kind::source, "postgres", R"({"type":"object","additionalProperties":false,"required":["query"],"properties":{
            "query":{"type":"string","minLength":1},"cursor":{"type":"string"}}})");
        add(Kind::sink, "duckdb", R"({"type":"object","additionalProperties":false,"required":["table"],"properties":{
            "table":{"type":"string","minLength":1,"description":"name of the table to write"},
            "mode":{"type":"string","enum":["append","replace","upsert"],"default":"append"},
            "key":{"type":"array","items":{"type":"string"}}},
            "if":{"properties":{"mode":{"const":"upsert"}}},"then":{"required":["key"]}})");
        add(Kind::sink, "files.ndjson", R"({"type":"object","additionalProperties":false,"required":["path"],"properties":{
            "path":{"type":"string","minLength":1,"x-jf-format":"path"}}})");
        add(Kind::step, "checks", R"({"type":"object","additionalProperties":false,"properties":{
            "not_null":{"type":"array","items":{"type":"string"}},
            "range":{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"number"},"minItems":2,"maxItems":2},
                {"type":"object","additionalProperties":false,"properties":{"least":{"type":"number"},"most":{"type":"number"}}}]},
            "on_failure":{"type":"string","enum":["fail","warn","quarantine"],"default":"fail"}}})");
        add(Kind::action, "duckdb.sql", R"({"type":"object","additionalProperties":false,"required":["sql"],"properties":{
            "sql":{"type":"string"},"rows":{"type":"integer"}}})");
        add(Kind::action, "notify", R"({"type":"object","additionalProperties":false,"required":["text"],"properties":{
            "text":{"type":"string"},"token":{"x-jf-secret":true,"description":"of the sender"}}})");
        add(Kind::chart, "echarts", R"({"type":"object","additionalProperties":false,"required":["type"],"properties":{
            "type":{"type":"string","enum":["line","bar","pie"]},"x":{"type":"string"},"y":{"type":"string"},"title":{"type":"string"}}})");
        add(Kind::connection, "postgres", R"({"type":"object","additionalProperties":false,"required":["host","password"],"properties":{
            "host":{"type":"string"},"port":{"type":"integer","default":5432},
            "password":{"x-jf-secret":true,"description":"of the user"}}})");
        add(Kind::connection, "duckdb", R"({"type":"object","additionalProperties":false,"required":["path"],"properties":{
            "path":{"type":"string","x-jf-format":"path"}}})");
        add(Kind::step, "broken", R"({"type":"strnig"})");
        add(Kind::step, "remote", R"({"$ref":"http://example.com/schema.json"})");
    }

    void add(Kind kind, const std::string& id, std::string schema) { schemas_[{kind, id}] = std::move(schema); }

    [[nodiscard]] const std::string* schema(Kind kind, std::string_view id) const override
    {
        const auto found = schemas_.find({kind, std::string(id)});
        return found == schemas_.end() ? nullptr : &found->second;
    }

    [[nodiscard]] std::vector<std::string> names(Kind kind) const override
    {
        std::vector<std::string> out;
        for (const auto& [key, schema] : schemas_)
            if (key.first == kind)
                out.push_back(key.second);
        return out;
    }

private:
    std::map<std::pair<Kind, std::string>, std::string> schemas_;
};
