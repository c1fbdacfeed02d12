// RunControl: a run that listens to a Cancel.
#pragma once

#include <jackfield/runtime.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace jackfield {

/// Any thread.
struct Cancel::State {
    std::mutex mutex; // guards all below
    int level = 0;
    std::uint64_t last_id = 0;
    std::map<std::uint64_t, std::function<void()>> watchers;
};

/// Calls `on_request` after every request() of the Cancel while it lives. `on_request` must hold what it touches: it may
/// still be running when this is destroyed.
class RunControl {
public:
    RunControl(Cancel cancel, std::function<void()> on_request);
    ~RunControl();
    RunControl(const RunControl&) = delete;
    RunControl& operator=(const RunControl&) = delete;

    [[nodiscard]] int level() const { return cancel_.level(); }

private:
    Cancel cancel_;
    std::uint64_t id_ = 0;
};

} // namespace jackfield
