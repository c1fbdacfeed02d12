// Output: batches into a file or a directory, durable epoch by epoch together with the tokens of what was read.
#pragma once

#include "support/decode/encode.hpp"
#include "ledger.hpp"
#include "parquet.hpp"

#include <jackfield/sdk/arrow/array.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::files {

/// Where and how to write. Value.
struct OutputOptions {
    std::string path; ///< "-": stdout; ending in '/': a directory that gets one part per epoch
    Format format = Format::ndjson;
    Compression compression = Compression::none;
    bool replace = false; ///< build a new file aside, and put it in the place of the old one at the final commit
    CsvStyle csv;

    [[nodiscard]] bool to_stdout() const { return path == "-"; }
    [[nodiscard]] bool to_directory() const { return !path.empty() && path.back() == '/'; }
};

/// A token to commit, or one that was. The views live as long as the call.
struct OutputToken {
    std::string_view source, partition, token;
    std::uint64_t fence = 0;
};

/// One writer of one output. One thread at a time.
///
/// Every change of the data file happens under a lock, after a look whether another writer has taken over; so a
/// process that was frozen and wakes up is refused with JF_E_FENCED before it writes a byte.
class Output {
public:
    /// `owner`: flow, task, slice and generation whose progress is kept. `fresh`: a new generation starts.
    Output(OutputOptions options, LedgerEntry owner, bool fresh, KeepWaiting keep_waiting);
    ~Output();

    /// Takes the partition over; its fence and its token, if one is stored. Durable when this returns.
    [[nodiscard]] Result<std::uint64_t> acquire(std::string_view source, std::string_view partition, std::optional<std::string>& token);
    [[nodiscard]] Status set_schema(const Schema& schema);
    [[nodiscard]] Status write(OwnedArray batch);
    [[nodiscard]] Status commit(const std::vector<OutputToken>& tokens, bool final);
    [[nodiscard]] Status abort();
    void keep_waiting(KeepWaiting wait) { keep_waiting_ = std::move(wait); }

private:
    [[nodiscard]] std::string data_path() const { return options_.replace ? options_.path + ".next" : options_.path; }
    [[nodiscard]] std::string ledger_path() const { return options_.to_directory() ? options_.path + "_jackfield" : options_.path + ".jackfield"; }
    [[nodiscard]] Result<OutputLock> lock() const;
    [[nodiscard]] Result<OutputLock> lock_as_owner() const;
    [[nodiscard]] Status take_over(const OutputLock& lock);
    [[nodiscard]] Status recover();
    [[nodiscard]] Status open_data();
    [[nodiscard]] Status start_anew();
    [[nodiscard]] Status ready();
    [[nodiscard]] Status flush(const OutputLock* held, bool end_member);
    [[nodiscard]] Status finish(bool final);
    [[nodiscard]] Status write_parquet();
    [[nodiscard]] std::uint64_t pending_rows() const { return parquet_ ? parquet_->rows() : data_ ? rows_ : 0; }
    void remove_leftovers() const;
    [[nodiscard]] Status check_fences(const std::vector<OutputToken>& tokens);
    [[nodiscard]] bool stored(const std::vector<OutputToken>& tokens) const;
    void store(const std::vector<OutputToken>& tokens, std::vector<LedgerEntry>& entries) const;
    [[nodiscard]] Status commit_part(const std::vector<OutputToken>& tokens);
    [[nodiscard]] Status swap();
    [[nodiscard]] LedgerEntry owned(std::string_view source, std::string_view partition) const;

    OutputOptions options_;
    LedgerEntry owner_;
    bool fresh_;
    KeepWaiting keep_waiting_;
    std::uint64_t writer_; // names this writer in the lock file
    bool taken_over_ = false, finished_ = false;
    bool dirty_ = false; // the data file has bytes that are not committed
    Ledger ledger_;
    Descriptor data_;
    std::string temporary_;   // of the part that is being written
    std::uint64_t end_ = 0;   // of the data file
    std::uint64_t rows_ = 0;  // written in all, committed or not
    Schema schema_;
    std::unique_ptr<Encoder> encoder_;
    std::unique_ptr<Packer> packer_;
    std::unique_ptr<ParquetBuilder> parquet_;
    Buffer text_, packed_;
};

} // namespace jackfield::files
