// SchemaWalk: goes through a value and its schema side by side, for defaults, faults in our words, and secrets.
#pragma once

#include "schema_check.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// The subschema that "#/definitions/x" names, nullptr if there is none.
[[nodiscard]] const boost::json::value* find_reference(const boost::json::value& document, std::string_view reference);

/// The schema itself, its references followed. Requires: a linted document.
[[nodiscard]] const boost::json::value& follow(const boost::json::value& document, const boost::json::value& schema);

/// Is this member marked "x-jf-secret"?
[[nodiscard]] bool is_secret(const boost::json::value& schema);

/// Why this text is no ECMAScript pattern that we use, empty if it is one.
[[nodiscard]] std::string bad_pattern(std::string_view pattern);

/// One use. One thread at a time. Requires: `document` passed lint_schema().
class SchemaWalk {
public:
    SchemaWalk(const boost::json::value& document, const std::set<std::string>& deferred, bool numbers_as_text = false)
        : document_(document), deferred_(deferred), numbers_as_text_(numbers_as_text)
    {
    }

    void check(boost::json::value& value);
    void check(const boost::json::value& schema, boost::json::value& value, const Path& path);
    [[nodiscard]] SchemaOutcome& outcome() { return out_; }

private:
    using Value = boost::json::value;
    using Object = boost::json::object;

    void fill(const Value& schema, Value& value);
    bool type(const Object& schema, const Value& value, const Path& path);
    void choices(const Object& schema, const Value& value, const Path& path);
    void text(const Object& schema, std::string_view text, const Path& path);
    void format(std::string_view format, std::string_view text, const Path& path);
    void number(const Object& schema, const Value& value, const Path& path);
    void array(const Object& schema, Value& value, const Path& path);
    void object(const Object& schema, Value& value, const Path& path);
    bool member(const Object& schema, const std::string& name, Value& value, const Path& path);
    void missing(const Object& schema, const Object& value, const Path& path, const std::vector<std::string>& meant);
    void dependencies(const Object& schema, Value& value, const Path& path);
    void combined(const Object& schema, Value& value, const Path& path);
    void one_of(const boost::json::array& branches, bool only_one, Value& value, const Path& path);
    void secret(const Value& value, const Path& path);
    [[nodiscard]] SchemaOutcome attempt(const Value& schema, Value& value, const Path& path);
    void fault(const Path& path, std::string message, bool at_name = false);
    [[nodiscard]] std::string expected(const Value& schema) const;

    const Value& document_;
    const std::set<std::string>& deferred_;
    bool numbers_as_text_;
    SchemaOutcome out_;
    std::size_t steps_ = 0;
};

/// What is wrong with the schema itself, empty if nothing: known keywords have their proper types, references stay in the
/// document, are there and do not lead in a circle, patterns compile, defaults fit.
[[nodiscard]] std::string lint_schema(const boost::json::value& document);

} // namespace jackfield
