// Starting, feeding and ending the chart engine.
#include "engine_client.hpp"

#include <array>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <vector>

namespace jackfield::charts {
namespace {

constexpr std::string_view engine_name = "jackfield-chart-engine";

std::string parent_of(std::string path, int levels)
{
    for (; levels > 0 && !path.empty(); --levels)
        path.resize(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
    return path;
}

// What the helper may see of our environment: fonts and JavaScriptCore's own switches, no secrets.
std::vector<std::string> small_environment()
{
    std::vector<std::string> out{"LANG=C.UTF-8", "TZ=UTC"};
    for (const char* name : {"PATH", "HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "FONTCONFIG_FILE",
                             "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "JSC_useJIT", "JSC_useDFGJIT",
                             "ASAN_OPTIONS", "TMPDIR"})
        if (const char* value = std::getenv(name))
            out.push_back(std::string(name) + "=" + value);
    return out;
}

// posix_spawn with the socket as descriptor 3, default signals, and a process group of its own, so that an
// interrupt typed at the terminal reaches only the host.
int spawn(const std::string& program, int socket, pid_t& process)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (const int descriptor : {0, 1, 2})
        posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&actions, socket, 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::vector<std::string> environment = small_environment();
    std::vector<char*> environment_pointers;
    for (std::string& entry : environment)
        environment_pointers.push_back(entry.data());
    environment_pointers.push_back(nullptr);
    std::string name(engine_name);
    std::array<char*, 2> arguments{name.data(), nullptr};
    const int error = ::posix_spawn(&process, program.c_str(), &actions, &attributes, arguments.data(),
                                    environment_pointers.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

} // namespace

std::string find_engine()
{
    if (const char* directory = std::getenv("JACKFIELD_LIBEXEC"); directory != nullptr && *directory != '\0')
        return std::string(directory) + "/" + std::string(engine_name);
    Dl_info info{};
    ::dladdr(reinterpret_cast<const void*>(&find_engine), &info);
    std::array<char, PATH_MAX> resolved{};
    const char* own = info.dli_fname != nullptr ? ::realpath(info.dli_fname, resolved.data()) : nullptr;
    std::string folder = parent_of(own != nullptr ? own : "", 1); // …/lib/jackfield/plugins
    for (const int levels : {3, 4}) { // lib/ or lib/x86_64-linux-gnu/ above jackfield/plugins
        std::string path = parent_of(folder, levels) + "/libexec/jackfield/" + std::string(engine_name);
        if (::access(path.c_str(), X_OK) == 0)
            return path;
    }
    return parent_of(folder, 3) + "/libexec/jackfield/" + std::string(engine_name);
}

EngineClient::~EngineClient()
{
    stop();
}

Status EngineClient::start()
{
    if (process_ != 0)
        return {};
    if (::access(program_.c_str(), X_OK) != 0)
        return fail(JF_E_UNAVAILABLE, "static charts are drawn by the program '" + program_ + "', which is not there (" +
                                          std::strerror(errno) + "); install it or set JACKFIELD_LIBEXEC to its folder");
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return fail(JF_E_UNAVAILABLE, std::string("the chart engine got no socket: ") + std::strerror(errno));
    if (ends[1] == 3) // dup2 onto itself would keep close-on-exec
        ::fcntl(ends[1], F_SETFD, 0);
    const int error = spawn(program_, ends[1], process_);
    ::close(ends[1]);
    if (error != 0) {
        ::close(ends[0]);
        process_ = 0;
        return fail(JF_E_UNAVAILABLE, "the chart engine '" + program_ + "' could not be started: " + std::strerror(error));
    }
    socket_ = ends[0];
    return {};
}

void EngineClient::stop()
{
    if (process_ == 0)
        return;
    ::close(socket_);
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
    process_ = 0;
    socket_ = -1;
}

// Says how the helper ended, and clears it away so that the next call starts another.
Error EngineClient::died(std::string_view while_doing)
{
    int state = 0;
    pid_t ended = 0;
    for (int tries = 0; tries < 20 && ended == 0; ++tries) { // its socket closes a moment before it can be waited for
        ended = ::waitpid(process_, &state, WNOHANG);
        if (ended == 0)
            ::usleep(5000);
    }
    std::string how = "its connection broke";
    if (ended == process_) {
        how = WIFSIGNALED(state) ? std::string("it crashed with signal ") + ::strsignal(WTERMSIG(state))
                                 : "it ended with status " + std::to_string(WEXITSTATUS(state));
        process_ = 0;
        ::close(socket_);
        socket_ = -1;
    }
    stop();
    return fail(JF_E_UNAVAILABLE, "the chart engine was lost while " + std::string(while_doing) + ": " + how +
                                      "; another one is started for the next chart");
}

// Moves all bytes one way, in slices of 50 ms between which deadline and cancellation are looked at.
Status EngineClient::transfer(bool out, void* data, std::size_t length, const Limits& limits)
{
    char* at = static_cast<char*>(data);
    while (length > 0) {
        if (limits.cancelled && limits.cancelled()) {
            stop();
            return fail(JF_E_CANCELLED, "drawing the chart was cancelled");
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(limits.deadline - Clock::now()).count();
        if (left <= 0) {
            stop();
            return fail(JF_E_TIMEOUT, "the chart was not drawn in time; draw fewer points or allow more time");
        }
        pollfd ready{socket_, static_cast<short>(out ? POLLOUT : POLLIN), 0};
        const int count = ::poll(&ready, 1, static_cast<int>(std::min<decltype(left)>(left, 50)));
        if (count == 0 || (count < 0 && errno == EINTR))
            continue;
        const ssize_t moved = out ? ::send(socket_, at, length, MSG_NOSIGNAL | MSG_DONTWAIT)
                                  : ::recv(socket_, at, length, MSG_DONTWAIT);
        if (moved < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (moved <= 0)
            return died("drawing");
        at += moved;
        length -= static_cast<std::size_t>(moved);
    }
    return {};
}

Result<std::string> EngineClient::ask(Ask what, double scale, std::string_view request, Clock::time_point deadline,
                                      const std::function<bool()>& cancelled)
{
    std::unique_lock turn(turn_, std::defer_lock);
    while (!turn.try_lock_for(std::chrono::milliseconds(50))) {
        if (cancelled && cancelled())
            return fail(JF_E_CANCELLED, "drawing the chart was cancelled");
        if (Clock::now() >= deadline)
            return fail(JF_E_TIMEOUT, "other charts took all the time; allow more time or draw fewer at once");
    }
    JF_TRY(start());
    const Limits limits{deadline, cancelled};
    FrameHeader header{static_cast<std::uint32_t>(what), static_cast<std::uint32_t>(scale * 100 + 0.5), request.size()};
    JF_TRY(transfer(true, &header, sizeof header, limits));
    JF_TRY(transfer(true, const_cast<char*>(request.data()), request.size(), limits)); // only read
    JF_TRY(transfer(false, &header, sizeof header, limits));
    if (header.length > (1ULL << 30U)) {
        stop();
        return fail(JF_E_UNAVAILABLE, "the chart engine answered with nonsense and was stopped");
    }
    std::string body(header.length, '\0');
    JF_TRY(transfer(false, body.data(), body.size(), limits));
    if (header.what != static_cast<std::uint32_t>(Answer::done))
        return fail(JF_E_CONFIG, "the chart could not be drawn: " + body);
    return body;
}

pid_t EngineClient::process()
{
    const std::lock_guard turn(turn_);
    return process_;
}

} // namespace jackfield::charts
