// Rules: what the configuration asks of the rows, and of the whole.
#pragma once

#include "bound.hpp"

#include <jackfield/abi/host.h>
#include <jackfield/sdk/config.hpp>
#include <jackfield/sdk/options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace jackfield::checks {

enum class RuleKind { not_null, unique, range, accepted, regex, row_count, freshness, sql };

/// One rule. Value. Only the members of its kind mean something.
struct Rule {
    RuleKind kind = RuleKind::not_null;
    std::string name;                 ///< "not_null(id)": for messages and the code of rejected rows
    std::vector<std::string> columns; ///< one; of unique: one or more
    std::optional<Bound> minimum, maximum;    ///< range
    std::vector<std::string> accepted;        ///< texts, or numbers as written
    bool accepted_texts = false;
    std::shared_ptr<const re2::RE2> pattern;  ///< shared by copies, immutable
    std::string pattern_text;
    std::int64_t minimum_rows = 0, maximum_rows = INT64_MAX;
    std::int64_t within_ns = 0;               ///< freshness
    std::string sql;
    bool wants_true = false;                  ///< sql: one value that is true; else: no rows

    [[nodiscard]] bool of_whole() const { return kind == RuleKind::unique || kind >= RuleKind::row_count; }
};

enum class OnFailure { stop, warn, quarantine };

/// The whole configuration. Value.
struct Rules {
    std::vector<Rule> rules;
    OnFailure on_failure = OnFailure::stop;
    std::string table;      ///< empty: a step of a pipeline; else an action over this table
    std::string connection; ///< of the action

    /// JF_E_CONFIG with the place of the fault.
    [[nodiscard]] static Result<Rules> read(const sdk::Config& config);
    [[nodiscard]] static sdk::Options options();
    [[nodiscard]] bool any_of_whole() const;
};

} // namespace jackfield::checks
