// A loaded table in the place of the target.
#pragma once

#include "table.hpp"

namespace jackfield::postgres {

/// Makes `stage` in the shape of `target`: columns, defaults, NOT NULL, CHECK, comments and statistics, without its indexes.
Status create_beside(Session& session, const Patience& patience, const Name& stage, const Table& target);

/// What put_in_place() is asked to do. Value.
struct Swap {
    const Name& stage;
    const Table& target;
    const Table& loaded; ///< the stage as it is
    const std::vector<std::string>& written; ///< columns that the rows brought; empty: not known
    std::int64_t wait_ns;
};

/// Puts the rows of the stage in the place of those of the target, in the open transaction, and drops the stage.
///
/// A plain table is swapped: indexes and constraints are made on the stage before anything is locked, then the target is
/// locked (with lock_timeout, again and again for wait_ns), dropped, and the stage takes its name, its grants and the names
/// of its indexes. What hangs on the identity of a table would be lost by that: views, foreign keys, triggers, policies,
/// partitions, sequences of its own, publications, another owner. Such a table is emptied and filled instead, which locks
/// readers out for as long.
/// JF_E_UNAVAILABLE: the lock was not to be had.
Status put_in_place(Session& session, const Patience& patience, const Swap& swap);

} // namespace jackfield::postgres
