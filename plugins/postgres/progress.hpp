// The table of progress: tokens and fences, in the same database as the rows they belong to.
#pragma once

#include "connection.hpp"
#include "quote.hpp"

#include <jackfield/sdk.hpp>

#include <map>

namespace jackfield::postgres {

/// What progress belongs to, kept beyond the call that named it. Value.
struct OwnedScope {
    std::string flow, task, slice, generation;
    [[nodiscard]] bool operator==(const OwnedScope&) const = default;
};

/// Sixteen hexadecimal digits for a list of texts, to name tables by.
[[nodiscard]] std::string short_name(const std::vector<std::string_view>& parts);

/// Tokens of one scope in one database. One thread at a time.
///
/// Who takes a partition over raises its fence and ends the backend that still writes under the old one. Such a backend is
/// found by a shared advisory lock that each transaction of a writer holds for its partitions; that works through a pooler too.
class Progress {
public:
    Progress(PostgresConnection& on, const std::string& schema, OwnedScope scope, std::string owner)
        : on_(on), table_{schema, "progress"}, scope_(std::move(scope)), owner_(std::move(owner)) {}

    /// Makes schema and table if they are not there, however many do so at once. fresh: forgets other generations of the
    /// scope, which fences off who still writes under them.
    Status prepare(const Patience& patience, bool fresh);
    /// Raises the fence, durably, in a transaction of its own on a session of its own.
    Result<sdk::Acquired> acquire(const Patience& patience, std::string_view source, std::string_view partition);
    /// The partition is not this writer's any more.
    void release(std::string_view source, std::string_view partition);
    /// Whether `source`, `partition` is this writer's.
    [[nodiscard]] bool holds(std::string_view source, std::string_view partition) const;

    /// The statements that begin a transaction: they take the locks that a successor finds it by, and fail with fenced_code if
    /// there is one already. "" without partitions.
    [[nodiscard]] std::string lock_sql() const;
    /// The statement that stores the tokens as the last one of a transaction; it fails with fenced_code if another writer
    /// has taken a partition over. "" without tokens.
    [[nodiscard]] std::string store_sql(const sdk::Commit& commit) const;
    static constexpr std::string_view fenced_code = "22012"; // division by zero
    /// The error to give then.
    [[nodiscard]] Error fenced() const;

    /// Whether exactly this commit was stored last by this writer, as note_stored() was told.
    [[nodiscard]] bool stored(const sdk::Commit& commit) const;
    void note_stored(const sdk::Commit& commit);
    /// Raises the fences of the commit, after which it either landed or never will; answers which. Later commits may go on
    /// with the fences that they know.
    Result<sdk::Landing> resolve(const Patience& patience, const sdk::Commit& commit);
    /// JF_E_FENCED if another writer has taken over what this one holds.
    Status still_ours(const Patience& patience);

    /// The table, for whoever wants to look.
    [[nodiscard]] const Name& table() const { return table_; }

private:
    using Key = std::pair<std::string, std::string>; // source, partition
    struct Fence {
        std::uint64_t given = 0; // as the host knows it
        std::uint64_t real = 0;  // after resolve() raised it
    };
    [[nodiscard]] Params key(std::string_view source, std::string_view partition) const;
    [[nodiscard]] std::int64_t lock_key(const Key& key) const;
    Result<sdk::Acquired> raise(Session& session, const Patience& patience, const Key& key, const char* lock_timeout, std::uint64_t only_from);
    Result<sdk::Acquired> take(const Patience& patience, const Key& key, std::uint64_t only_from);
    [[nodiscard]] std::string scope_is(const std::string& of) const;
    void end_older(Session& session, const Patience& patience, const Key& key);

    PostgresConnection& on_;
    Name table_;
    OwnedScope scope_;
    std::string owner_;
    std::map<Key, Fence> held_;
    std::string last_; // what was stored last
};

} // namespace jackfield::postgres
