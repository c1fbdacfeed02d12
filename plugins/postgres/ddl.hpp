// Tables made for rows, and columns added to them.
#pragma once

#include "table.hpp"

#include <jackfield/sdk/arrow/types.hpp>

namespace jackfield::postgres {

/// The SQL type of a column that is made for `field`: the narrowest that holds every value. A field with the Arrow extension
/// name "arrow.uuid" or "arrow.json" becomes that.
[[nodiscard]] std::string sql_type(const Field& field);

/// CREATE TABLE for the columns of `schema`; `key`: its primary key, may be empty.
[[nodiscard]] std::string create_table_sql(const Name& name, const Schema& schema, const std::vector<std::string>& key);

/// Takes the lock, for the open transaction, under which tables are made and changed: one of us at a time.
Status lock_making(Session& session, const Patience& patience);

} // namespace jackfield::postgres
