// OptionsSchema: compiled by valijson, which has the last word; SchemaWalk says in our words what is wrong.
#include "schema_check.hpp"

#include "json_text.hpp"
#include "schema_walk.hpp"
#include "words.hpp"

#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include <exception>
#include <optional>

namespace jackfield {

namespace json = boost::json;

namespace {

/// The schema without what only SchemaWalk checks: secrets, and everything that valijson would give to std::regex, which
/// recurses for each character of the text.
json::value for_valijson(const json::value& schema)
{
    if (is_secret(schema))
        return json::object{};
    if (const auto* list = schema.if_array()) {
        json::array out;
        for (const auto& one : *list)
            out.push_back(for_valijson(one));
        return out;
    }
    const auto* object = schema.if_object();
    if (object == nullptr)
        return schema;
    json::object out;
    const bool patterns = object->contains("patternProperties");
    for (const auto& [name, value] : *object) {
        if (name == "pattern" || name == "format" || name == "patternProperties" || (name == "additionalProperties" && patterns))
            continue;
        if (name == "properties" || name == "definitions") { // names of the author's own, not keywords
            auto& members = (out[name] = json::object{}).get_object();
            for (const auto& [inner, member] : value.get_object())
                members[inner] = for_valijson(member);
        } else {
            out[name] = name == "enum" || name == "const" || name == "default" || name == "examples" ? value : for_valijson(value);
        }
    }
    return out;
}

Error broken(std::string_view name, const std::string& why)
{
    return fail(JF_E_CONFIG, "the options schema of " + printable(name) + " is broken: " + why +
                                 "; tell the author of the plugin");
}

} // namespace

struct OptionsSchema::Compiled {
    json::value document; // kept: the compiled form may refer to it
    valijson::Schema schema;
};

OptionsSchema::OptionsSchema() = default;
OptionsSchema::~OptionsSchema() = default;

Result<std::shared_ptr<const OptionsSchema>> OptionsSchema::compile(std::string_view text, std::string_view name)
{
    JsonLimits limits;
    limits.bytes = 1U << 20U;
    auto reading = JsonText::parse(text, std::string(name), limits);
    if (!reading.faults.empty())
        return broken(name, "line " + std::to_string(reading.faults.front().line) + ": " + reading.faults.front().message);
    if (auto why = lint_schema(reading.text->value()); !why.empty())
        return broken(name, why);
    std::shared_ptr<OptionsSchema> out(new OptionsSchema());
    out->document_ = reading.text->value();
    out->compiled_ = std::make_unique<Compiled>();
    try {
        out->compiled_->document = for_valijson(out->document_);
        valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
        parser.populateSchema(valijson::adapters::BoostJsonAdapter(out->compiled_->document), out->compiled_->schema);
    } catch (const std::exception& error) {
        return broken(name, error.what());
    }
    return std::shared_ptr<const OptionsSchema>(std::move(out));
}

SchemaOutcome OptionsSchema::check(json::value& value, const std::set<std::string>& deferred, bool numbers_as_text) const
{
    SchemaWalk walk(document_, deferred, numbers_as_text);
    walk.check(value);
    auto& outcome = walk.outcome();
    if (!outcome.faults.empty() || !deferred.empty())
        return std::move(outcome);
    try {
        valijson::Validator validator;
        valijson::ValidationResults results;
        valijson::adapters::BoostJsonAdapter adapter(value);
        if (!validator.validate(compiled_->schema, adapter, &results)) {
            valijson::ValidationResults::Error error;
            const bool known = results.popError(error);
            outcome.faults.push_back({Path(), "does not fit the component's schema" + (known ? ": " + error.description : ""), false});
        }
    } catch (const std::exception& error) {
        outcome.faults.push_back({Path(), std::string("cannot be checked: ") + error.what(), false});
    }
    return std::move(outcome);
}

Result<std::shared_ptr<const OptionsSchema>> SchemaStore::get(const std::string& text, std::string_view name)
{
    const std::lock_guard lock(mutex_);
    auto found = compiled_.find(text);
    if (found == compiled_.end())
        found = compiled_.emplace(text, OptionsSchema::compile(text, name)).first;
    return found->second;
}

} // namespace jackfield
