// Parquet through DuckDB, whose library is opened at the first file.
#pragma once

#include "support/decode/input.hpp"
#include "position.hpp"

#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/source.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::duckdb {
class Session;
class Feed;
} // namespace jackfield::duckdb

namespace jackfield::files {

/// Reads Parquet files one after another; positions count rows. One thread at a time, but for interrupt().
class ParquetReader final : public sdk::Reader {
public:
    static Result<std::unique_ptr<sdk::Reader>> open(std::vector<std::string> files, std::optional<Mark> from, std::optional<Mark> until);
    ParquetReader(std::shared_ptr<duckdb::Session> session, std::vector<std::string> files, std::optional<Mark> until);
    ~ParquetReader() override;

    Result<Schema> schema(const sdk::Call& call) override;
    Result<sdk::Next> next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out) override;
    void interrupt() override;

private:
    [[nodiscard]] Status open_file(std::uint64_t row);
    [[nodiscard]] Result<OwnedArray> pull();

    std::shared_ptr<duckdb::Session> session_; // streams of it keep it alive as well
    std::vector<std::string> files_;
    std::size_t file_ = 0;
    std::optional<Mark> until_;
    FileIdentity identity_;
    std::uint64_t row_ = 0; // of the file, next to hand out
    OwnedStream stream_;
    SharedArray rest_;      // pulled, and handed out up to row taken_; slices share it
    std::int64_t taken_ = 0;
    Schema schema_;
};

/// Collects rows and writes them as one Parquet file. One thread at a time.
class ParquetBuilder {
public:
    /// `spill`: a directory that rows may go to where they do not fit into memory.
    static Result<std::unique_ptr<ParquetBuilder>> make(const Schema& schema, const std::string& spill);
    ParquetBuilder(std::shared_ptr<duckdb::Session> session, std::unique_ptr<duckdb::Feed> feed, std::string spill);
    ~ParquetBuilder();

    [[nodiscard]] Status add(OwnedArray batch);
    /// Writes all rows to `path` and syncs it.
    [[nodiscard]] Status write(const std::string& path, Compression compression);
    [[nodiscard]] Status clear();
    [[nodiscard]] std::uint64_t rows() const { return rows_; }

private:
    [[nodiscard]] Status drain();

    std::shared_ptr<duckdb::Session> session_; // the feed belongs to it
    std::unique_ptr<duckdb::Feed> feed_;
    std::string spill_;
    std::uint64_t rows_ = 0;
};

} // namespace jackfield::files
