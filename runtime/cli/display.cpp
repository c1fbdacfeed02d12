// Drawing of runs.
#include "display.hpp"

#include "observe/event_json.hpp"

#include <chrono>
#include <unistd.h>

namespace jackfield::cli {

Display::Display(Mode mode, const Terminal& terminal) : mode_(mode), terminal_(terminal)
{
    if (mode_ == Mode::lines && terminal_.moves)
        thread_ = std::thread([this] { draw_often(); });
}

Display::~Display() { finish(); }

void Display::finish()
{
    {
        const std::scoped_lock lock(mutex_);
        done_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void Display::use(std::unique_ptr<View> view)
{
    const std::scoped_lock lock(mutex_);
    view_ = std::move(view);
}

void Display::take(const Event& event)
{
    const std::scoped_lock lock(mutex_);
    if (mode_ == Mode::json)
        return print(to_json(event) + "\n");
    if (!view_)
        return;
    std::string lines = view_->take(event);
    if (mode_ == Mode::quiet) {
        if (event.state == "failed" || event.state == "crashed")
            print_err(lines);
    } else if (thread_.joinable()) {
        pending_ += lines;
    } else {
        print(lines);
    }
}

void Display::say(const std::string& line)
{
    const std::scoped_lock lock(mutex_);
    if (thread_.joinable() && ::isatty(STDERR_FILENO) == 1)
        pending_ += line + "\n"; // the same screen, as far as anybody can tell
    else
        print_err(line + "\n");
}

void Display::print(std::string_view text)
{
    if (!closed_ && !text.empty())
        closed_ = !print_to(terminal_.descriptor, text);
}

/// Takes the moving lines away, adds what stays, draws the moving lines below.
void Display::draw()
{
    const std::size_t width = terminal_.width();
    std::size_t up = 0;
    for (const std::size_t drawn : drawn_) // the window may be narrower now
        up += drawn <= width ? 1 : (drawn + width - 1) / width;
    std::vector<std::string> lines;
    if (view_ && !done_)
        lines = view_->live_lines(view_clock_ns(), width - 1);
    const std::size_t most = terminal_.height() > 2 ? terminal_.height() - 2 : 1;
    if (lines.size() > most) {
        const std::size_t more = lines.size() - most + 1;
        lines.resize(most - 1);
        lines.push_back("  … and " + std::to_string(more) + " more");
    }
    std::string out;
    if (up > 0)
        out += "\r\x1b[" + std::to_string(up) + "A\x1b[J";
    out += pending_;
    pending_.clear();
    drawn_.clear();
    for (const std::string& line : lines) {
        out += line + "\n";
        drawn_.push_back(display_width(line));
    }
    print(out);
}

void Display::draw_often()
{
    std::unique_lock lock(mutex_);
    while (!done_) {
        draw();
        wake_.wait_for(lock, std::chrono::milliseconds(100), [this] { return done_; });
    }
    draw();
}

} // namespace jackfield::cli
