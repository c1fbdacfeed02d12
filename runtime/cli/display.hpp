// Display: shows a run while it goes on: moving lines on a terminal, plain lines in a pipe, or one JSON object per event.
#pragma once

#include "run_view.hpp"
#include "terminal.hpp"

#include <jackfield/runtime/event.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace jackfield::cli {

/// Takes events; any thread. The cursor is never hidden and always stands below what was drawn, so that whatever ends the
/// program leaves a sound terminal. Lines move at most ten times a second.
class Display {
public:
    enum class Mode { lines, json, quiet }; ///< quiet: failures only, to stderr

    Display(Mode mode, const Terminal& terminal);
    ~Display(); ///< draws what is left
    Display(const Display&) = delete;
    Display& operator=(const Display&) = delete;

    /// Before the first event.
    void use(std::unique_ptr<View> view);
    void take(const Event& event);
    /// Draws what is left; nothing moves any more. Twice is as once.
    void finish();
    /// A sentence between the lines, to stderr.
    void say(const std::string& line);

private:
    void draw();
    void draw_often();
    void print(std::string_view text);

    const Mode mode_;
    const Terminal terminal_;
    std::mutex mutex_; // guards all below
    std::unique_ptr<View> view_;
    std::string pending_;             // lines that stay, not drawn yet
    std::vector<std::size_t> drawn_;  // widths of the moving lines on the screen
    bool closed_ = false;             // nobody reads any more: the run goes on without a word
    bool done_ = false;
    std::condition_variable wake_;
    std::thread thread_;
};

} // namespace jackfield::cli
