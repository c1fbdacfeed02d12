// Moving and filling the window.
#include "window.hpp"

#include "parse.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::files {
namespace {

// Text, index and columns of one chunk stay in the second-level cache.
constexpr std::size_t chunk = 256 << 10;

} // namespace

Window::Window(std::unique_ptr<Input> input, std::size_t max_record, std::uint64_t offset)
    : input_(std::move(input)), max_record_(max_record), offset_(offset)
{
}

std::string_view Window::before(std::size_t most) const
{
    const std::size_t count = std::min(most, begin_);
    return {buffer_.as<char>() + begin_ - count, count};
}

Result<InputState> Window::more()
{
    if (at_end_)
        return InputState::end;
    if (size() > max_record_)
        return fail(JF_E_DATA, "a record is longer than " + std::to_string(max_record_)
                + " bytes; raise max_record, or check the file for a quote that is never closed or missing line ends");
    const std::size_t left = size(), kept = std::min(begin_, history);
    // A record that fills the window doubles it.
    const std::size_t wanted = kept + left + std::max(chunk, std::min(left, max_record_ + 1 - left));
    if (buffer_.capacity() < wanted + text_padding || begin_ > kept) {
        Buffer fresh;
        Buffer& target = buffer_.capacity() < wanted + text_padding ? fresh : buffer_;
        target.reserve(wanted + text_padding);
        if (kept + left)
            std::memmove(target.data(), buffer_.data() + begin_ - kept, kept + left);
        if (&target == &fresh)
            buffer_ = std::move(fresh);
        begin_ = kept;
        end_ = kept + left;
    }
    while (end_ < wanted) {
        std::size_t got = 0;
        JF_ASSIGN(const InputState state, input_->read(buffer_.as<char>() + end_, wanted - end_, got));
        end_ += got;
        at_end_ = state == InputState::end;
        if (state != InputState::more || input_->is_pipe())
            return size() > left ? InputState::more : state;
    }
    return InputState::more;
}

} // namespace jackfield::files
