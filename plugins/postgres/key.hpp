// Values of key columns: kept in positions as the server sent them, written into SQL as literals.
#pragma once

#include "select.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::postgres {

/// One value of a cursor or key column: the type's object id, and its binary form (text for types without one here). Value.
struct KeyValue {
    Oid type = 0;
    std::string bytes;
    [[nodiscard]] bool operator==(const KeyValue&) const = default;
};
using Keys = std::vector<KeyValue>;

/// JF_E_CONFIG if rows cannot be ordered by the column and gone on with after a value of it.
Status check_key(const Column& column);

/// The value for SQL text, typed: '42'::bigint. Whatever the bytes hold, it is one literal.
[[nodiscard]] Result<std::string> key_literal(const Column& column, const KeyValue& value);

/// Whether the server takes both for equal, as 1.0 and 1.00 are.
[[nodiscard]] bool same_key(const Column& column, std::string_view left, std::string_view right);

/// Where a reader stands. Value. The format byte is 2 for rows in the order of keys, 3 for ranges of transactions.
struct Place {
    std::uint64_t low = 0, high = 0; ///< ranges: transactions [low, high) are being read
    Keys keys;                       ///< of the last row; empty: nothing (keys), the whole range (ranges)

    [[nodiscard]] std::string encode(bool ranges) const;
    /// JF_E_POSITION with the remedy if they are not the position of a reader with these `columns`.
    [[nodiscard]] static Result<Place> decode(std::string_view bytes, bool ranges, const std::vector<Column>& columns);
};

} // namespace jackfield::postgres
