// Signals through a pipe: the handler only writes a byte.
#include "signals.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <unistd.h>

namespace jackfield::cli {

namespace {

// A handler has nothing else to reach them by.
int signal_pipe[2] = {-1, -1};
struct sigaction before[3];
constexpr int caught[3] = {SIGINT, SIGTERM, SIGPIPE};

void note(int number)
{
    const int kept = errno;
    const auto byte = static_cast<unsigned char>(number);
    (void)!::write(signal_pipe[1], &byte, 1);
    errno = kept;
}

void nothing(int) {} // not SIG_IGN: programs that are started would inherit that

} // namespace

Signals::Signals(std::function<void(int, int)> on_signal) : on_signal_(std::move(on_signal))
{
    if (::pipe2(signal_pipe, O_CLOEXEC) != 0)
        return; // no descriptor left: signals keep their usual meaning
    for (int i = 0; i < 3; ++i) {
        struct sigaction action{};
        action.sa_handler = caught[i] == SIGPIPE ? nothing : note;
        action.sa_flags = SA_RESTART;
        ::sigaction(caught[i], &action, &before[i]);
    }
    thread_ = std::thread([this] {
        int count = 0;
        unsigned char number = 0;
        while (true) {
            const ssize_t got = ::read(signal_pipe[0], &number, 1);
            if (got < 0 && errno == EINTR)
                continue;
            if (got != 1 || number == 0)
                return;
            int none = 0;
            first_.compare_exchange_strong(none, number);
            on_signal_(number, ++count);
        }
    });
}

Signals::~Signals()
{
    if (!thread_.joinable())
        return;
    for (int i = 0; i < 3; ++i)
        ::sigaction(caught[i], &before[i], nullptr);
    note(0);
    thread_.join();
    ::close(signal_pipe[0]);
    ::close(signal_pipe[1]);
}

} // namespace jackfield::cli
