// Parquet files as SQL: read_parquet in, COPY out.
#include "parquet.hpp"

#include "support/duckdb/feed.hpp"
#include "support/duckdb/session.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace jackfield::files {
namespace {

constexpr std::int64_t rows_at_once = 120'000; // about a row group

[[nodiscard]] Result<std::shared_ptr<duckdb::Session>> open_session(const std::string& spill)
{
    duckdb::Database::Settings settings;
    settings.config = {{"threads", "1"}};
    if (!spill.empty()) {
        settings.config.emplace_back("memory_limit", "512MB");
        settings.config.emplace_back("temp_directory", spill);
    }
    JF_ASSIGN(const auto database, duckdb::Database::open(settings));
    return database->connect();
}

} // namespace

ParquetReader::ParquetReader(std::shared_ptr<duckdb::Session> session, std::vector<std::string> files, std::optional<Mark> until)
    : session_(std::move(session)), files_(std::move(files)), until_(std::move(until))
{
}

ParquetReader::~ParquetReader() = default;

Result<std::unique_ptr<sdk::Reader>> ParquetReader::open(std::vector<std::string> files, std::optional<Mark> from, std::optional<Mark> until)
{
    JF_ASSIGN(auto session, open_session({}));
    auto reader = std::make_unique<ParquetReader>(std::move(session), std::move(files), std::move(until));
    if (from) {
        const auto found = std::find(reader->files_.begin(), reader->files_.end(), from->path);
        if (found == reader->files_.end())
            return fail(JF_E_POSITION, "'" + from->path + "' is not there any more; restore it, or start over with jackfield reset");
        reader->file_ = static_cast<std::size_t>(found - reader->files_.begin());
        JF_ASSIGN(const Descriptor fd, open_for_reading(from->path));
        JF_TRY(from->check(fd.get(), Compression::gzip)); // rows, not bytes, are counted
    }
    JF_TRY(reader->open_file(from ? from->offset : 0));
    return std::unique_ptr<sdk::Reader>(std::move(reader));
}

Status ParquetReader::open_file(std::uint64_t row)
{
    const std::string& path = files_[file_];
    {
        JF_ASSIGN(const Descriptor fd, open_for_reading(path));
        JF_ASSIGN(identity_, FileIdentity::of(fd.get(), path));
    }
    stream_ = OwnedStream();
    row_ = row;
    std::string name; // a pattern character in a name is none to DuckDB
    for (const char c : path)
        name += c == '*' || c == '?' || c == '[' ? "[" + std::string(1, c) + "]" : std::string(1, c);
    const std::string table = "read_parquet(" + duckdb::quote_text(name) + ", file_row_number = true)";
    const bool part = row > 0;
    auto select = session_->portable("SELECT * EXCLUDE (file_row_number) FROM " + table + (part ? " WHERE file_row_number >= " + std::to_string(row) : ""));
    if (!select)
        return std::move(select).error().at(path);
    auto stream = session_->query(*select, {}, true);
    if (!stream)
        return std::move(stream).error().at(path);
    stream_ = *std::move(stream);
    OwnedSchema raw;
    if (stream_->get_schema(stream_.get(), raw.out()) != 0)
        return fail(JF_E_DATA, "'" + path + "' cannot be read as Parquet");
    JF_ASSIGN(Schema schema, import_schema(*raw));
    if (!schema_.fields.empty() && !(schema == schema_))
        return fail(JF_E_DATA, "'" + path + "' has other columns than the first file; read files of different columns in tasks of their own");
    schema_ = std::move(schema);
    return {};
}

Result<Schema> ParquetReader::schema(const sdk::Call&) { return schema_; }

Result<OwnedArray> ParquetReader::pull()
{
    OwnedArray out;
    if (stream_->get_next(stream_.get(), out.out()) != 0) {
        const char* why = stream_->get_last_error(stream_.get());
        return fail(JF_E_DATA, "'" + files_[file_] + "': " + (why ? why : "cannot be read"));
    }
    return out;
}

Result<sdk::Next> ParquetReader::next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out)
{
    if (limits.max_rows == 0)
        return sdk::Next::idle;
    for (;;) {
        if (call.cancelled())
            return fail(JF_E_CANCELLED, "reading '" + files_[file_] + "' was cancelled");
        const bool last = until_ && until_->path == files_[file_];
        if (last && row_ >= until_->offset)
            return sdk::Next::end;
        if (!rest_) {
            JF_ASSIGN(OwnedArray batch, pull());
            if (batch && batch->length > 0) {
                rest_ = SharedArray(std::move(batch));
                taken_ = 0;
            } else if (!batch) {
                if (last || file_ + 1 == files_.size())
                    return sdk::Next::end;
                ++file_;
                JF_TRY(open_file(0));
                continue;
            } else {
                continue;
            }
        }
        std::uint64_t rows = std::min<std::uint64_t>(static_cast<std::uint64_t>(rest_->length - taken_), limits.max_rows);
        if (last)
            rows = std::min(rows, until_->offset - row_);
        out.array = rest_.slice(taken_, static_cast<std::int64_t>(rows));
        taken_ += static_cast<std::int64_t>(rows);
        row_ += rows;
        if (taken_ == rest_->length)
            rest_ = SharedArray();
        Mark mark;
        mark.path = files_[file_];
        mark.file = identity_;
        mark.offset = row_;
        out.position.bytes = mark.bytes();
        out.total_bytes = identity_.size;
        return sdk::Next::batch;
    }
}

void ParquetReader::interrupt() { session_->interrupt(); }

ParquetBuilder::ParquetBuilder(std::shared_ptr<duckdb::Session> session, std::unique_ptr<duckdb::Feed> feed, std::string spill)
    : session_(std::move(session)), feed_(std::move(feed)), spill_(std::move(spill))
{
}

ParquetBuilder::~ParquetBuilder()
{
    feed_.reset();
    session_.reset();
    ::rmdir(spill_.c_str()); // empty, and mostly never made
}

Result<std::unique_ptr<ParquetBuilder>> ParquetBuilder::make(const Schema& schema, const std::string& spill)
{
    JF_ASSIGN(auto session, open_session(spill));
    JF_ASSIGN(auto feed, duckdb::Feed::make(*session, schema));
    std::string columns;
    for (const Field& field : schema.fields) {
        JF_ASSIGN(const std::string type, duckdb::sql_type(field.type));
        columns += (columns.empty() ? "" : ", ") + duckdb::quote_name(field.name) + " " + type;
    }
    JF_TRY(session->execute("CREATE TABLE jackfield_rows (" + columns + ")"));
    return std::make_unique<ParquetBuilder>(std::move(session), std::move(feed), spill);
}

Status ParquetBuilder::add(OwnedArray batch)
{
    rows_ += static_cast<std::uint64_t>(batch->length);
    feed_->add(SharedArray(std::move(batch)));
    return feed_->rows() < rows_at_once ? Status() : drain();
}

Status ParquetBuilder::drain()
{
    if (feed_->rows() == 0)
        return {};
    std::string columns;
    for (const Field& field : feed_->schema().fields)
        columns += (columns.empty() ? "" : ", ") + duckdb::quote_name(field.name);
    JF_TRY(session_->execute("INSERT INTO jackfield_rows SELECT " + columns + " FROM " + feed_->table()));
    feed_->clear();
    return {};
}

Status ParquetBuilder::write(const std::string& path, Compression compression)
{
    JF_TRY(drain());
    const char* codec = compression == Compression::gzip ? "gzip" : compression == Compression::zstd ? "zstd" : "snappy";
    JF_TRY(session_->execute("COPY jackfield_rows TO " + duckdb::quote_text(path) + " (FORMAT parquet, COMPRESSION " + codec + ")"));
    const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0)
        return file_error(errno, "sync", path);
    return {};
}

Status ParquetBuilder::clear()
{
    feed_->clear();
    rows_ = 0;
    return session_->execute("DELETE FROM jackfield_rows");
}

} // namespace jackfield::files
