// The databases of this process: each file is open at most once, however many connections name it.
#pragma once

#include "support/duckdb/session.hpp"

namespace jackfield::duckdb {

/// The open database of settings.path, opened if nobody in this process has it open. DuckDB locks a file against other
/// processes only: a second instance in the same process would destroy it, so all flows of a process share one, found by
/// device and inode. The settings of whoever opens it count. The file is closed when the last user lets go.
/// JF_E_UNAVAILABLE: another process has it. Any thread.
Result<std::shared_ptr<Database>> shared_database(const Database::Settings& settings);

} // namespace jackfield::duckdb
