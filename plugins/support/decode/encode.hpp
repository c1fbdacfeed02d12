// Encoder: batches into the text of CSV, NDJSON and JSON arrays; Packer: that text into gzip members or zstd frames.
#pragma once

#include "input.hpp"

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/arrow/types.hpp>

#include <memory>
#include <string>

struct ArrowArray;

namespace jackfield::files {

enum class Format : std::uint8_t { csv, ndjson, json, parquet };

/// How CSV is written. Value.
struct CsvStyle {
    char delimiter = ',', quote = '"';
    bool header = true;
    std::string null; ///< how a null is spelled; text that reads the same is quoted
};

/// Text of rows. Nothing is allocated for a row. One thread at a time.
class Encoder {
public:
    virtual ~Encoder() = default;
    /// What comes before the first row of a file.
    virtual void begin(Buffer& out) = 0;
    /// `first`: the file has no rows yet.
    virtual void rows(const ArrowArray& batch, bool first, Buffer& out) = 0;
    /// What comes after the last row; `empty`: there was none.
    virtual void end(bool empty, Buffer& out) = 0;
};

/// Fails with JF_E_DATA if the format has no values of some column. Not for Parquet.
[[nodiscard]] Result<std::unique_ptr<Encoder>> make_encoder(Format format, const Schema& schema, const CsvStyle& style);

/// Compresses a stream in members that can be read on their own. One thread at a time.
class Packer {
public:
    virtual ~Packer() = default;
    /// Appends what comes out of `size` bytes. `end`: the member ends with them; an empty member is none.
    [[nodiscard]] virtual Status pack(const char* data, std::size_t size, bool end, Buffer& out) = 0;
    /// Forgets the member that was begun.
    virtual void reset() = 0;
};

[[nodiscard]] std::unique_ptr<Packer> make_packer(Compression compression);

} // namespace jackfield::files
