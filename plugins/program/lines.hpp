// Lines: cuts what a program prints into lines for the log.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace jackfield::program {

/// Collects bytes and gives complete lines. A line longer than `longest` is given in pieces, so memory is bounded.
/// Carriage returns at the end of a line go; bytes that are no UTF-8 become U+FFFD. One thread at a time.
class Lines {
public:
    explicit Lines(std::function<void(std::string_view)> take, std::size_t longest = 16'384) : take_(std::move(take)), longest_(longest) {}

    void add(std::string_view bytes);
    /// The last line, if it did not end with a newline.
    void finish();

private:
    void give(std::string_view line);

    std::function<void(std::string_view)> take_;
    std::size_t longest_;
    std::string open_;
};

} // namespace jackfield::program
