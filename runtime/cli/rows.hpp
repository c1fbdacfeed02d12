// Rows of a source or a query, read into memory: for peek, test and checks of what a flow wrote.
#pragma once

#include "load/catalog.hpp"
#include "load/component.hpp"

#include <jackfield/runtime/flow.hpp>
#include <jackfield/sdk/arrow/schema.hpp>

#include <boost/json/array.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace jackfield::cli {

/// The first rows of something.
struct Rows {
    Schema schema;
    std::vector<std::vector<std::string>> cells; ///< as text; null as "∅"
    std::vector<bool> right;                     ///< of each column: numbers
    boost::json::array values;                   ///< the same rows as JSON objects
    bool more = false;
    std::vector<std::string> rejected;           ///< "place: message" of records that do not fit
    std::uint64_t rejected_count = 0;
};

/// Reads at most `limit` rows of a source of a bound flow. At most 60 s.
[[nodiscard]] Result<Rows> read_source(const Flow& flow, const Component& source, Catalog& catalog, std::uint64_t limit);

/// The answer of a connection of a bound flow to a read-only statement.
[[nodiscard]] Result<Rows> read_query(const Flow& flow, const std::string& connection, const std::string& sql, Catalog& catalog, std::uint64_t limit);

/// Adds the rows of a batch, up to `limit` in all.
void add_rows(Rows& rows, const OwnedArray& batch, std::uint64_t limit);

} // namespace jackfield::cli
