// Ledger: the small file beside an output that says how much of it counts, and which progress that is.
#pragma once

#include "support/decode/input.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace jackfield::files {

/// The progress of one (flow, task, slice, source, partition). Value.
struct LedgerEntry {
    std::string flow, task, slice, source, partition; ///< whose it is
    std::string generation;                           ///< tokens of another generation are none
    std::uint64_t fence = 0;
    bool has_token = false;
    std::string token;

    [[nodiscard]] bool same_owner(const LedgerEntry& other) const
    {
        return flow == other.flow && task == other.task && slice == other.slice && source == other.source && partition == other.partition;
    }
};

/// What "out.csv.jackfield" holds. Value.
struct Ledger {
    std::uint64_t length = 0;  ///< bytes of the data file that are committed
    std::uint64_t rows = 0;    ///< in it
    std::uint64_t fence = 0;   ///< the highest ever given
    std::uint64_t parts = 0;   ///< committed, of a directory
    bool swapping = false;     ///< the new file is complete: it takes the place of the old one
    std::string pending_part;  ///< a part that counts, with `pending`, as soon as it bears its name
    std::vector<LedgerEntry> entries, pending;

    [[nodiscard]] LedgerEntry& entry(const LedgerEntry& owner);

    /// From `path`; nothing there: an empty one, and `found` false. Fails with JF_E_DATA if it is damaged.
    [[nodiscard]] static Result<Ledger> load(const std::string& path, bool& found);
    /// Written aside, synced, renamed into place, the directory synced: durable when this returns.
    [[nodiscard]] Status save(const std::string& path) const;
    [[nodiscard]] std::string bytes() const;
    [[nodiscard]] static Result<Ledger> parse(std::string_view bytes, const std::string& name);
};

/// Keeps other writers of the same output away while it lives. The lock file says which writer took over last.
class OutputLock {
public:
    /// Waits as long as `keep_waiting` says; JF_E_UNAVAILABLE if it says no.
    [[nodiscard]] static Result<OutputLock> take(const std::string& path, const KeepWaiting& keep_waiting);
    [[nodiscard]] Result<std::uint64_t> owner() const;
    [[nodiscard]] Status set_owner(std::uint64_t writer) const;

private:
    explicit OutputLock(Descriptor fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
    Descriptor fd_;
    std::string path_;
};

/// Makes names in the directory of `path` durable.
[[nodiscard]] Status sync_directory_of(const std::string& path);
/// All of `bytes` at `offset`.
[[nodiscard]] Status write_all(int fd, const char* bytes, std::size_t size, std::uint64_t offset, const std::string& name);

} // namespace jackfield::files
