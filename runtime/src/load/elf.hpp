// What a file says of itself before it is loaded: is it a shared library of this machine with the one symbol?
#pragma once

#include <jackfield/sdk/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace jackfield {

/// Facts of a shared library. Value.
struct ElfFacts {
    bool symbols_known = false;        ///< false: the file has no section table; loading will tell
    std::vector<std::string> exported; ///< names that it shows to others
    std::vector<std::string> unique;   ///< of these, the STB_GNU_UNIQUE ones, which other plugins would share
    std::vector<std::string> needed;   ///< libraries that it names (DT_NEEDED)
    [[nodiscard]] bool exports(std::string_view name) const;
};

/// Reads the headers and the dynamic symbols; runs nothing. JF_E_NOT_FOUND, JF_E_DENIED, or JF_E_CONFIG with a sentence that
/// says what the file is instead and what to do. Any thread.
[[nodiscard]] Result<ElfFacts> read_elf(const std::filesystem::path& file);

/// As read_elf(), and refuses a library without `jf_plugin_entry_v1`.
[[nodiscard]] Result<ElfFacts> read_plugin_elf(const std::filesystem::path& file);

} // namespace jackfield
