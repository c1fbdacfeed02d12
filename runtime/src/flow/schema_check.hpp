// OptionsSchema: a component's JSON Schema (draft-07), checked itself, and what it says about a configuration in our words.
//
// Extensions, all optional:
//   "x-jf-secret": true       the member must be {"secret": "env:NAME"} or {"secret": "file:PATH"}
//   "x-jf-format": "duration" | "size" | "type" | "path"   spelling of a string member
#pragma once

#include "path.hpp"

#include <jackfield/runtime/flow.hpp>
#include <jackfield/sdk/result.hpp>

#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct SchemaFault {
    Path path; ///< within the value that was checked
    std::string message;
    bool at_name = false; ///< the member's name is at fault, not its value
};

struct SchemaOutcome {
    std::vector<SchemaFault> faults;
    std::vector<SecretUse> secrets;
};

/// A compiled schema of options. Not the Arrow Schema, whose name it must not share in one program. Immutable; any thread.
class OptionsSchema {
public:
    /// Fails with JF_E_CONFIG if the text is no JSON, no schema, refers to another document or refers to itself without
    /// end. `name` is only for the message. Never throws.
    [[nodiscard]] static Result<std::shared_ptr<const OptionsSchema>> compile(std::string_view text, std::string_view name);

    /// Fills `value` with defaults and checks it. `deferred` holds JSON Pointers of strings whose value is known later:
    /// anything is accepted there. `numbers_as_text`: where only text is allowed, a number or boolean becomes its text.
    [[nodiscard]] SchemaOutcome check(boost::json::value& value, const std::set<std::string>& deferred = {},
                                      bool numbers_as_text = false) const;

    /// The schema as a document, for editors.
    [[nodiscard]] const boost::json::value& document() const { return document_; }

    OptionsSchema(const OptionsSchema&) = delete;
    OptionsSchema& operator=(const OptionsSchema&) = delete;
    ~OptionsSchema();

private:
    struct Compiled; // valijson's form
    OptionsSchema();

    boost::json::value document_;
    std::unique_ptr<Compiled> compiled_;
};

/// Compiles each schema text once. Any thread.
class SchemaStore {
public:
    [[nodiscard]] Result<std::shared_ptr<const OptionsSchema>> get(const std::string& text, std::string_view name);

private:
    std::mutex mutex_; // guards compiled_
    // Shared: a schema may be in use by one thread while another asks for it.
    std::map<std::string, Result<std::shared_ptr<const OptionsSchema>>, std::less<>> compiled_;
};

} // namespace jackfield
