// Kills this process where the environment says so.
#include "exec/pipeline/crash_points.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace jackfield::exec {
namespace {

constexpr std::size_t phase_length = 32;

/// The page that a harness reads after it has killed the process.
class Phase {
public:
    explicit Phase(const char* path)
    {
        const int file = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (file < 0)
            return;
        if (::ftruncate(file, phase_length) == 0) {
            void* page = ::mmap(nullptr, phase_length, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
            page_ = page == MAP_FAILED ? nullptr : static_cast<char*>(page);
        }
        ::close(file);
    }
    ~Phase()
    {
        if (page_)
            ::munmap(page_, phase_length);
    }
    Phase(const Phase&) = delete;
    Phase& operator=(const Phase&) = delete;

    /// Points of the reader that pass all the time would hide where the writer is.
    void note(std::string_view point)
    {
        if (!page_ || point.size() >= phase_length || point == "read")
            return;
        std::array<char, phase_length> text{};
        std::memcpy(text.data(), point.data(), point.size());
        std::memcpy(page_, text.data(), phase_length);
    }

private:
    char* page_ = nullptr;
};

struct Wish {
    std::string point;
    std::uint64_t number = 0;
    std::int64_t delay_us = 0;
    bool stop = false; ///< instead: frozen until somebody sends SIGCONT
    std::atomic<std::uint64_t> passed{0};

    void die() const
    {
        if (stop)
            ::kill(::getpid(), SIGSTOP);
        else if (delay_us == 0)
            ::kill(::getpid(), SIGKILL);
        else
            std::thread([delay = delay_us] {
                std::this_thread::sleep_for(std::chrono::microseconds(delay));
                ::kill(::getpid(), SIGKILL);
            }).detach();
    }
};

std::shared_ptr<Wish> read_wish(std::string_view text)
{
    const auto colon = text.find(':');
    if (colon == std::string_view::npos)
        return nullptr;
    auto out = std::make_shared<Wish>();
    out->point = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data() + colon + 1, end, out->number);
    if (number.ec == std::errc() && number.ptr != end && *number.ptr == ':')
        out->stop = std::string_view(number.ptr + 1, static_cast<std::size_t>(end - number.ptr - 1)) == "stop";
    if (out->stop || number.ptr == end || number.ec != std::errc())
        return out;
    std::from_chars(number.ptr + 1, end, out->delay_us);
    return out;
}

} // namespace

std::function<void(std::string_view, std::uint64_t)> crash_points_of_environment()
{
    const char* const at = std::getenv("JACKFIELD_CRASH_AT");
    const char* const phase_file = std::getenv("JACKFIELD_CRASH_PHASE");
    const auto wish = at ? read_wish(at) : nullptr;
    const auto phase = phase_file ? std::make_shared<Phase>(phase_file) : nullptr;
    if (!wish && !phase)
        return {};
    return [wish, phase](std::string_view point, std::uint64_t) {
        if (phase)
            phase->note(point);
        if (wish && wish->point == point && wish->passed.fetch_add(1) + 1 == wish->number)
            wish->die();
    };
}

} // namespace jackfield::exec
