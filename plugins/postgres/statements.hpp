// A script of SQL, cut into its statements.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::postgres {

/// One statement of a script. Value.
struct Statement {
    std::string sql;                 ///< without its semicolon; its placeholders are numbered from $1 without a gap
    std::vector<std::size_t> values; ///< which of the script's values $1, $2 … of `sql` stand for, from 0
    std::string word;                ///< the first word, in capitals: "SELECT"
    bool into = false;               ///< the word INTO stands outside parentheses: SELECT … INTO
    std::size_t line = 1;            ///< of the script, where it begins
};

/// Cuts at the semicolons that end statements: not those in quotes, dollar quotes, comments, parentheses and the bodies
/// BEGIN ATOMIC … END of functions. Empty statements are left out. A placeholder counts only where the server takes it
/// for one. JF_E_CONFIG: a quote or comment is not closed.
[[nodiscard]] Result<std::vector<Statement>> split_statements(std::string_view script);

} // namespace jackfield::postgres
