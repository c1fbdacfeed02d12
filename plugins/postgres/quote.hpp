// Names and literals as PostgreSQL's SQL writes them. Whatever a flow says reaches SQL text only through here.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::postgres {

/// `order "x"` becomes "order ""x""". Requires: no U+0000 (parse_name refuses it).
[[nodiscard]] std::string quote_identifier(std::string_view name);

/// 'it''s'; with a backslash inside E'…', so that it reads the same whatever standard_conforming_strings says.
/// Requires: no U+0000, client_encoding UTF8, which every Session sets.
[[nodiscard]] std::string quote_literal(std::string_view text);

/// A table, view, index or function name of a flow, in parts. Value.
struct Name {
    std::string schema; ///< empty: wherever search_path finds it
    std::string name;

    /// For SQL text.
    [[nodiscard]] std::string quoted() const;
    /// For people: as they may write it in a flow.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool operator==(const Name&) const = default;
};

/// Reads `name`, `schema.name`, or either part in double quotes ("odd.name"."x""y"). Unquoted parts are taken as they
/// are, capitals and spaces included: nothing is folded to lower case, since it is quoted before it reaches the server.
/// JF_E_CONFIG: empty, too many parts, a part longer than the 63 bytes that the server keeps, U+0000.
[[nodiscard]] Result<Name> parse_name(std::string_view text);

/// "a", "b": quoted names joined by commas, each after `prefix`.
[[nodiscard]] std::string quote_list(const std::vector<std::string>& names, std::string_view prefix = {});

} // namespace jackfield::postgres
