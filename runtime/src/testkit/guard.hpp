// What must not happen inside a call: system calls that reach outside, changes of what belongs to the process.
#pragma once

#include "testkit/kit.hpp"

#include <functional>

namespace jackfield::testkit {

/// Runs `work` in a child process in which system calls that open, connect, look at files or start anything end it. Broken
/// if one was made ("describe() called openat(); …"), or with what `work` says. Where the system has no filter for system
/// calls, or with in_process, `work` runs unwatched.
[[nodiscard]] Status without_outside(Kit& kit, std::string_view who, const std::function<Status()>& work);

/// What belongs to the whole process and is no plugin's to change. Value.
class Surroundings {
public:
    [[nodiscard]] static Surroundings now();
    /// Broken, naming the first difference.
    [[nodiscard]] Status same_as(const Surroundings& before) const;

private:
    std::vector<std::pair<std::string, std::string>> facts_; // name, value
};

/// What leaks. Value.
struct Holdings {
    std::size_t descriptors = 0, threads = 0, maps = 0, children = 0;
    std::size_t heap = 0; ///< bytes
    [[nodiscard]] static Holdings now();
};

} // namespace jackfield::testkit
