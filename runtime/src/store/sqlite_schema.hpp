// The tables of the SQLite state file, and how an older file becomes a newer one.
#pragma once

#include "store/sqlite_database.hpp"

namespace jackfield::store {

/// Makes or upgrades the tables, in one transaction. JF_E_CONFIG: written by a newer version; JF_E_DATA: another
/// program's database.
Status migrate(Database& database, const std::string& path);

} // namespace jackfield::store
