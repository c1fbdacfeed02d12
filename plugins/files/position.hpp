// Mark: where to go on in a file, with what tells whether it is still the same file. The bytes of a position.
#pragma once

#include "support/decode/input.hpp"

#include <string>
#include <string_view>

namespace jackfield::files {

/// A place in a file, right before a record. Value.
struct Mark {
    std::string path;
    FileIdentity file;             ///< as it was when the mark was made; its size too
    std::uint64_t offset = 0;      ///< of the text, decompressed; Parquet: row
    std::uint64_t line = 1;
    Member member;                 ///< where to start decompressing
    std::uint32_t tail_size = 0;   ///< bytes right before the offset …
    std::uint64_t tail_digest = 0; ///< … and their digest

    /// Format 1; later versions read it for ever.
    [[nodiscard]] std::string bytes() const;
    /// JF_E_POSITION if they are damaged or of a later version.
    [[nodiscard]] static Result<Mark> parse(std::string_view bytes);
    /// Whether `fd` is the file of this mark, perhaps grown. JF_E_POSITION with the remedy if not.
    [[nodiscard]] Status check(int fd, Compression compression) const;
};

} // namespace jackfield::files
