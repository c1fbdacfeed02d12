// What the decoders share: a record that could not be taken, and what one read brings.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace jackfield::files {

/// One record that does not fit. The views live as long as the call it is handed to.
struct BadRecord {
    std::uint64_t line = 0;       ///< of the file, from 1
    std::string_view column = {}; ///< name of the column at fault; empty: the record as a whole
    std::string_view code = {};   ///< "fields", "type", "range", "inexact", "encoding", "json"
    std::string message = {};     ///< one sentence
    std::string_view raw = {};    ///< the record as it stands in the file
};

/// Takes a bad record. An error stops the read; without one the decoder goes on behind the record.
using OnBadRecord = std::function<Status(const BadRecord&)>;

/// How one read ended.
enum class ReadState : std::uint8_t {
    batch, ///< rows were decoded (perhaps none: every record was bad, or only the position moved)
    idle,  ///< nothing is there yet (pipes)
    end,   ///< the input is at its end and all of it was handed out
};

/// Bounds of one batch. Value.
struct ReadLimits {
    std::uint64_t rows = 65536;
    std::uint64_t bytes = std::uint64_t{16} << 20;
    std::uint64_t until = UINT64_MAX; ///< uncompressed offset at which to stop
};

} // namespace jackfield::files
