// A fault in a file that a person wrote: the place, and one sentence that says what to do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace jackfield {

/// One thing that is wrong in a flow or connections file. Value.
struct Fault {
    std::string file;         ///< as the caller named it
    std::uint32_t line = 0;   ///< from 1; 0: the fault has no place in a file (a parameter given by the caller)
    std::uint32_t column = 0; ///< from 1, in characters (code points)
    std::string path;         ///< "tasks.land.sink.tabel"; empty for a fault of syntax
    std::string message;      ///< one sentence with the remedy; never a secret, never a control character
};

/// Sorts by file, line, column, then drops repeats.
void sort_faults(std::vector<Fault>& faults);

/// One line per fault, "FILE:LINE:COLUMN  PATH  MESSAGE", columns aligned, each line ended by '\n'.
[[nodiscard]] std::string format_faults(const std::vector<Fault>& faults);

} // namespace jackfield
