// Signals: SIGINT and SIGTERM become calls on a thread of our own.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace jackfield::cli {

/// While it lives, SIGINT and SIGTERM call `on_signal(number, how_many_so_far)` on its thread, and a closed pipe is an error of
/// write() instead of the end. One in a program at a time. Programs that are started meanwhile get the usual signals.
class Signals {
public:
    explicit Signals(std::function<void(int number, int count)> on_signal);
    ~Signals(); ///< gives the signals their old meaning
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// The first signal that came; 0: none.
    [[nodiscard]] int first() const { return first_; }

private:
    std::function<void(int, int)> on_signal_;
    std::atomic<int> first_{0};
    std::thread thread_;
};

} // namespace jackfield::cli
