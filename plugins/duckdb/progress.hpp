// The table jackfield_progress: tokens and fences, in the same database as the rows they belong to.
#pragma once

#include "support/duckdb/session.hpp"

#include <jackfield/sdk.hpp>

#include <map>

namespace jackfield::duckdb {

/// What progress belongs to, kept beyond the call that named it. Value.
struct OwnedScope {
    std::string flow, task, slice, generation;
};

/// Tokens of one scope in one database. One thread at a time.
class Progress {
public:
    Progress(std::shared_ptr<Session> session, OwnedScope scope, std::string owner)
        : session_(std::move(session)), scope_(std::move(scope)), owner_(std::move(owner)) {}

    /// Makes the table if it is not there. fresh: forgets other generations of the scope, which fences off who still
    /// writes under them.
    Status prepare(bool fresh);
    /// Raises the fence, durably; in a transaction of its own, on a session of its own.
    Result<sdk::Acquired> acquire(std::string_view source, std::string_view partition);
    /// Whether exactly these tokens of this epoch are stored.
    Result<bool> stored(Session& session, const sdk::Commit& commit);
    /// Stores the tokens in the open transaction of `session`. JF_E_FENCED: another writer took a partition over.
    Status store(Session& session, const sdk::Commit& commit);

    /// The table, for whoever wants to look: quoted, with its schema.
    static constexpr const char* table = "main.jackfield_progress";

private:
    Values key(const Library& api, std::string_view source, std::string_view partition) const;

    std::shared_ptr<Session> session_; // not the writer's: the fence must be durable before the writer's transaction ends
    OwnedScope scope_;
    std::string owner_;
};

} // namespace jackfield::duckdb
