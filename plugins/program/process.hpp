// Process: a child in a process group of its own, with its output on pipes.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <string>
#include <sys/types.h>
#include <vector>

namespace jackfield::program {

/// What to start. Value.
struct Command {
    std::vector<std::string> arguments;   ///< the program first; looked up in PATH of `environment` if it has no '/'
    std::vector<std::string> environment; ///< "NAME=value"
    std::string directory;                ///< empty: this process's own
};

/// A running child. Killed with its whole group when this goes; also when this process dies. Not to be moved between
/// threads: the child dies with the thread that started it.
class Process {
public:
    /// JF_E_NOT_FOUND, JF_E_DENIED (not executable), JF_E_CONFIG (directory), JF_E_EXHAUSTED.
    [[nodiscard]] static Result<Process> start(const Command& command);
    Process(Process&& other) noexcept;
    Process& operator=(Process&&) = delete;
    ~Process();

    /// Read ends; non-blocking.
    [[nodiscard]] int output() const { return output_; }
    [[nodiscard]] int errors() const { return errors_; }
    /// Whether it has ended; then status() is as waitpid() says.
    [[nodiscard]] bool ended();
    [[nodiscard]] int status() const { return status_; }
    /// To the whole group.
    void signal(int number) const;

private:
    Process(pid_t pid, int output, int errors) : pid_(pid), output_(output), errors_(errors) {}

    pid_t pid_;
    int output_, errors_;
    int status_ = 0;
    bool ended_ = false;
};

} // namespace jackfield::program
