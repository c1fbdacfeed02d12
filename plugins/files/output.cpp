// The commit of outputs: bytes synced, then the ledger renamed into place; parts and replaced files by their own rename.
#include "output.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>

namespace jackfield::files {
namespace {

constexpr std::size_t flush_bytes = 1 << 20;

[[nodiscard]] std::string extension(const OutputOptions& options)
{
    std::string out = options.format == Format::csv ? ".csv" : options.format == Format::json ? ".json" : options.format == Format::parquet ? ".parquet" : ".ndjson";
    return out + (options.compression == Compression::gzip ? ".gz" : options.compression == Compression::zstd ? ".zst" : "");
}

[[nodiscard]] bool exists(const std::string& path)
{
    struct stat facts {};
    return ::lstat(path.c_str(), &facts) == 0;
}

[[nodiscard]] std::uint64_t random_name()
{
    std::random_device device;
    return (static_cast<std::uint64_t>(device()) << 32 | device()) | 1;
}

} // namespace

Output::Output(OutputOptions options, LedgerEntry owner, bool fresh, KeepWaiting keep_waiting)
    : options_(std::move(options)), owner_(std::move(owner)), fresh_(fresh), keep_waiting_(std::move(keep_waiting)), writer_(random_name()),
      packer_(make_packer(options_.compression))
{
}

Output::~Output()
{
    if (!options_.to_stdout())
        static_cast<void>(abort()); // what was not committed does not count anyway
    if (!temporary_.empty())
        ::unlink(temporary_.c_str());
}

LedgerEntry Output::owned(std::string_view source, std::string_view partition) const
{
    LedgerEntry out = owner_;
    out.source = source;
    out.partition = partition;
    return out;
}

Result<OutputLock> Output::lock() const { return OutputLock::take(ledger_path() + ".lock", keep_waiting_); }

Result<OutputLock> Output::lock_as_owner() const
{
    JF_ASSIGN(OutputLock held, lock());
    JF_ASSIGN(const std::uint64_t owner, held.owner());
    if (owner != writer_)
        return fail(JF_E_FENCED, "another writer has taken '" + options_.path + "' over; this one stops");
    return held;
}

/// The first step of every writer: the ledger as the last one left it, the data cut to what is committed.
Status Output::take_over(const OutputLock& lock)
{
    bool found = false;
    JF_ASSIGN(ledger_, Ledger::load(ledger_path(), found));
    struct stat facts {};
    if (!options_.to_directory() && ::stat(options_.path.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode))
        return fail(JF_E_CONFIG, "'" + options_.path + "' is a directory; end the path with '/' to write parts into it, or name a file");
    if (!found && !options_.replace && !options_.to_directory() && ::stat(options_.path.c_str(), &facts) == 0) {
        ledger_.length = static_cast<std::uint64_t>(facts.st_size); // rows are added behind what is there
        ledger_.rows = ledger_.length > 0;
    }
    JF_TRY(recover());
    bool same_generation = false;
    for (const LedgerEntry& entry : ledger_.entries)
        same_generation = same_generation || (entry.flow == owner_.flow && entry.task == owner_.task && entry.slice == owner_.slice && entry.generation == owner_.generation);
    if (options_.replace && (fresh_ || !same_generation))
        JF_TRY(start_anew());
    if (options_.to_directory())
        remove_leftovers();
    else
        JF_TRY(open_data());
    JF_TRY(lock.set_owner(writer_));
    taken_over_ = true;
    return {};
}

/// Parts that writers before this one began.
void Output::remove_leftovers() const
{
    DIR* const directory = ::opendir(options_.path.c_str());
    if (!directory)
        return;
    while (const dirent* entry = ::readdir(directory)) {
        const std::string_view name = entry->d_name;
        if (name.substr(0, 6) == ".part-" && name.size() > 10 && name.substr(name.size() - 4) == ".tmp")
            ::unlink((options_.path + entry->d_name).c_str());
    }
    ::closedir(directory);
}

/// Finishes what a crash interrupted after its commit point.
Status Output::recover()
{
    if (!ledger_.pending_part.empty()) {
        if (exists(options_.path + ledger_.pending_part)) {
            for (const LedgerEntry& entry : ledger_.pending)
                ledger_.entry(entry) = entry;
            ++ledger_.parts;
        }
        ledger_.pending.clear();
        ledger_.pending_part.clear();
    }
    if (ledger_.swapping && options_.replace && exists(data_path()))
        return swap();
    return {};
}

Status Output::start_anew()
{
    if (::unlink(data_path().c_str()) != 0 && errno != ENOENT)
        return file_error(errno, "replace", data_path());
    ledger_.length = ledger_.rows = 0;
    ledger_.swapping = false;
    fresh_ = false;
    return {};
}

Status Output::open_data()
{
    const std::string path = data_path();
    finished_ = options_.replace && ledger_.swapping; // this generation is complete: nothing is written any more
    if (finished_ || options_.format == Format::parquet)
        return {};
    data_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
    if (!data_)
        return file_error(errno, "write", path);
    struct stat facts {};
    if (::fstat(data_.get(), &facts) != 0)
        return file_error(errno, "look at", path);
    if (!S_ISREG(facts.st_mode))
        return fail(JF_E_CONFIG, "'" + path + "' is no regular file; write to a file, or to '-' for stdout");
    if (static_cast<std::uint64_t>(facts.st_size) < ledger_.length)
        return fail(JF_E_STATE, "'" + path + "' has " + std::to_string(facts.st_size) + " bytes, " + std::to_string(ledger_.length)
                + " were committed: somebody cut it; restore it, or remove it and '" + ledger_path() + "' to start anew");
    if (static_cast<std::uint64_t>(facts.st_size) > ledger_.length && ::ftruncate(data_.get(), static_cast<off_t>(ledger_.length)) != 0)
        return file_error(errno, "cut", path);
    end_ = ledger_.length;
    rows_ = ledger_.rows;
    return {};
}

Result<std::uint64_t> Output::acquire(std::string_view source, std::string_view partition, std::optional<std::string>& token)
{
    token.reset();
    if (options_.to_stdout())
        return fail(JF_E_UNSUPPORTED, "stdout keeps no tokens; write to a file for exactly-once delivery");
    if (options_.to_directory() && ::mkdir(options_.path.c_str(), 0777) != 0 && errno != EEXIST)
        return file_error(errno, "create", options_.path);
    JF_ASSIGN(const OutputLock held, taken_over_ ? lock_as_owner() : lock());
    if (!taken_over_)
        JF_TRY(take_over(held));
    LedgerEntry& entry = ledger_.entry(owned(source, partition));
    if (entry.generation != owner_.generation) {
        entry.generation = owner_.generation;
        entry.has_token = false;
        entry.token.clear();
    }
    entry.fence = ++ledger_.fence;
    if (entry.has_token)
        token = entry.token;
    const std::uint64_t fence = entry.fence;
    JF_TRY(ledger_.save(ledger_path()));
    return fence;
}

Status Output::set_schema(const Schema& schema)
{
    if (options_.format == Format::parquet) {
        if (parquet_ && parquet_->rows() > 0)
            return fail(JF_E_DATA, "the columns change in the middle of a Parquet file; select them before");
        JF_ASSIGN(parquet_, ParquetBuilder::make(schema, options_.path + ".spill"));
        return {};
    }
    if (rows_ > 0 && options_.format == Format::csv && !options_.to_directory() && schema_.size() > 0 && !(schema == schema_))
        return fail(JF_E_DATA, "the columns change in the middle of a CSV file; select them before");
    schema_ = schema;
    JF_ASSIGN(encoder_, make_encoder(options_.format, schema, options_.csv));
    return {};
}

/// Before the first byte: taken over (also without partitions), a file to write to, the header in it.
Status Output::ready()
{
    if (options_.to_stdout()) {
        if (rows_ == 0 && end_ == 0 && text_.size() == 0)
            encoder_->begin(text_);
        return {};
    }
    if (!taken_over_) {
        if (options_.to_directory() && ::mkdir(options_.path.c_str(), 0777) != 0 && errno != EEXIST)
            return file_error(errno, "create", options_.path);
        JF_ASSIGN(const OutputLock held, lock());
        JF_TRY(take_over(held));
    }
    if (finished_) // a later epoch of the same generation after its final commit
        return fail(JF_E_STATE, "'" + options_.path + "' was completed already; start a new run to replace it");
    if (parquet_) { // DuckDB writes the file
        temporary_ = options_.to_directory() ? options_.path + ".part-" + std::to_string(writer_) + ".tmp" : "";
        return {};
    }
    if (options_.to_directory() && !data_) {
        temporary_ = options_.path + ".part-" + std::to_string(writer_) + ".tmp";
        data_ = Descriptor(::open(temporary_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!data_)
            return file_error(errno, "write", temporary_);
        end_ = rows_ = 0;
    }
    if (end_ == 0 && text_.size() == 0)
        encoder_->begin(text_);
    return {};
}

Status Output::write(OwnedArray batch)
{
    if (!encoder_ && !parquet_)
        return fail(JF_E_STATE, "rows were written before their schema");
    if (batch->length == 0)
        return {};
    JF_TRY(ready());
    if (parquet_)
        return parquet_->add(std::move(batch));
    encoder_->rows(*batch, rows_ == 0, text_);
    rows_ += static_cast<std::uint64_t>(batch->length);
    return text_.size() < flush_bytes ? Status() : flush(nullptr, false);
}

/// Moves text into the file. `held`: the lock, if the caller has it.
Status Output::flush(const OutputLock* held, bool end_member)
{
    packed_.clear();
    JF_TRY(packer_->pack(text_.as<char>(), text_.size(), end_member, packed_));
    text_.clear();
    if (packed_.size() == 0)
        return {};
    if (options_.to_stdout()) {
        for (std::size_t at = 0; at < packed_.size();) {
            const ssize_t count = ::write(STDOUT_FILENO, packed_.data() + at, packed_.size() - at);
            if (count < 0 && errno != EINTR)
                return file_error(errno, "write", "stdout");
            at += count > 0 ? static_cast<std::size_t>(count) : 0;
        }
        end_ += packed_.size();
        return {};
    }
    std::optional<OutputLock> own;
    if (!held && !options_.to_directory()) { // a part is nobody else's
        JF_ASSIGN(own, lock_as_owner());
    }
    dirty_ = true; // also if only a part of it gets there
    JF_TRY(write_all(data_.get(), packed_.as<char>(), packed_.size(), end_, data_path()));
    end_ += packed_.size();
    return {};
}

bool Output::stored(const std::vector<OutputToken>& tokens) const
{
    for (const OutputToken& token : tokens) {
        bool found = false;
        for (const LedgerEntry& entry : ledger_.entries)
            found = found || (entry.same_owner(owned(token.source, token.partition)) && entry.has_token && entry.token == token.token);
        if (!found)
            return false;
    }
    return !tokens.empty();
}

Status Output::check_fences(const std::vector<OutputToken>& tokens)
{
    for (const OutputToken& token : tokens)
        for (const LedgerEntry& entry : ledger_.entries)
            if (entry.same_owner(owned(token.source, token.partition)) && entry.fence != token.fence)
                return fail(JF_E_FENCED, "another writer has taken partition '" + std::string(token.partition) + "' over; this one stops");
    return {};
}

void Output::store(const std::vector<OutputToken>& tokens, std::vector<LedgerEntry>& entries) const
{
    for (const OutputToken& token : tokens) {
        LedgerEntry entry = owned(token.source, token.partition);
        entry.fence = token.fence;
        entry.has_token = true;
        entry.token = token.token;
        bool known = false;
        for (LedgerEntry& old : entries)
            if (old.same_owner(entry)) {
                old = entry;
                known = true;
            }
        if (!known)
            entries.push_back(std::move(entry));
    }
}

/// The text that ends an epoch, and the file if this is the last one.
Status Output::finish(bool final)
{
    if (!encoder_)
        return {};
    const bool footer = final || options_.to_directory(); // each part is a file of its own
    if (!options_.to_directory() || data_)
        if (footer) {
            JF_TRY(ready());
            encoder_->end(rows_ == 0, text_);
        }
    return {};
}

Status Output::commit(const std::vector<OutputToken>& tokens, bool final)
{
    if (options_.to_stdout()) {
        JF_TRY(finish(final));
        return flush(nullptr, true);
    }
    if (!taken_over_) {
        JF_ASSIGN(const OutputLock held, lock());
        JF_TRY(take_over(held));
    }
    JF_ASSIGN(const OutputLock held, lock_as_owner());
    JF_TRY(check_fences(tokens));
    const bool swaps = final && options_.replace;
    if (finished_ || (stored(tokens) && !swaps && pending_rows() == (data_ && !options_.to_directory() ? ledger_.rows : 0)))
        return {}; // a repeated commit
    if (options_.to_directory())
        return commit_part(tokens);
    if (options_.format == Format::parquet) {
        if (!final && pending_rows() > 0)
            return fail(JF_E_STATE, "a Parquet file is written at the end of a bounded input; this input has epochs: write into a directory ending in /");
        if (final && !parquet_)
            return fail(JF_E_DATA, "there is no schema to write '" + options_.path + "' with");
        if (final)
            JF_TRY(write_parquet());
    } else {
        // A final commit without any row still makes a file with its header.
        if (!final || options_.replace || end_ == 0)
            JF_TRY(finish(final));
        JF_TRY(flush(&held, true));
        if (::fdatasync(data_.get()) != 0)
            return file_error(errno, "sync", data_path());
    }
    Ledger next = ledger_;
    next.length = end_;
    next.rows = rows_;
    next.swapping = swaps;
    store(tokens, next.entries);
    JF_TRY(next.save(ledger_path()));
    ledger_ = std::move(next);
    dirty_ = false;
    return swaps ? swap() : Status();
}

/// The new file takes the place of the old one. The ledger has said so already, so a crash in between is finished later.
Status Output::swap()
{
    if (::rename(data_path().c_str(), options_.path.c_str()) != 0)
        return file_error(errno, "replace", options_.path);
    JF_TRY(sync_directory_of(options_.path));
    data_ = Descriptor();
    finished_ = true;
    return {};
}

/// The ledger names the part and its tokens; both count once the part bears that name.
Status Output::commit_part(const std::vector<OutputToken>& tokens)
{
    Ledger next = ledger_;
    if (pending_rows() == 0) { // no rows: only the position has moved
        store(tokens, next.entries);
        JF_TRY(next.save(ledger_path()));
        ledger_ = std::move(next);
        return {};
    }
    if (parquet_) {
        JF_TRY(write_parquet());
    } else {
        JF_TRY(finish(true));
        JF_TRY(flush(nullptr, true));
        if (::fsync(data_.get()) != 0)
            return file_error(errno, "sync", temporary_);
    }
    std::string names;
    for (const OutputToken& token : tokens)
        names += std::string(token.source) + '\0' + std::string(token.partition) + '\0' + std::string(token.token) + '\0';
    char name[64];
    std::snprintf(name, sizeof name, "part-%010llu-%016llx", static_cast<unsigned long long>(ledger_.parts), static_cast<unsigned long long>(digest_of(names)));
    next.pending_part = name + extension(options_);
    next.pending.clear();
    store(tokens, next.pending);
    JF_TRY(next.save(ledger_path()));
    const std::string part = options_.path + next.pending_part;
    if (::rename(temporary_.c_str(), part.c_str()) != 0)
        return file_error(errno, "write", part);
    JF_TRY(sync_directory_of(part));
    temporary_.clear();
    data_ = Descriptor();
    store(tokens, next.entries);
    next.pending.clear();
    next.pending_part.clear();
    ++next.parts;
    end_ = rows_ = 0;
    ledger_ = std::move(next); // saved with the next epoch; until then recovery tells the same
    return {};
}

Status Output::write_parquet()
{
    JF_TRY(parquet_->write(options_.to_directory() ? temporary_ : data_path(), options_.compression));
    return parquet_->clear();
}

Status Output::abort()
{
    text_.clear();
    packer_->reset();
    if (parquet_)
        return parquet_->clear();
    if (options_.to_stdout() || !taken_over_ || finished_ || !data_)
        return {};
    if (options_.to_directory()) {
        data_ = Descriptor();
        ::unlink(temporary_.c_str());
        temporary_.clear();
        end_ = rows_ = 0;
        return {};
    }
    if (!dirty_) {
        rows_ = ledger_.rows;
        return {};
    }
    JF_ASSIGN(const OutputLock held, lock_as_owner());
    if (::ftruncate(data_.get(), static_cast<off_t>(ledger_.length)) != 0)
        return file_error(errno, "cut", data_path());
    end_ = ledger_.length;
    rows_ = ledger_.rows;
    dirty_ = false;
    return {};
}

} // namespace jackfield::files
