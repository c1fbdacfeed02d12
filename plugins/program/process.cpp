// Process: fork, exec and the clean-up after it.
#include "process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace jackfield::program {

namespace {

/// The file that `name` means under this PATH; empty: none that can be executed.
std::string find_program(const std::string& name, const std::vector<std::string>& environment)
{
    if (name.find('/') != std::string::npos)
        return name;
    std::string path = "/usr/local/bin:/usr/bin:/bin";
    for (const auto& entry : environment)
        if (entry.starts_with("PATH="))
            path = entry.substr(5);
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find(':', at), path.size());
        const std::string file = path.substr(at, end - at) + "/" + name;
        struct stat facts {};
        if (end > at && ::stat(file.c_str(), &facts) == 0 && S_ISREG(facts.st_mode) && ::access(file.c_str(), X_OK) == 0)
            return file;
        at = end + 1;
    }
    return {};
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts)
{
    std::vector<char*> out;
    for (const auto& text : texts)
        out.push_back(const_cast<char*>(text.c_str())); // execve does not write there
    out.push_back(nullptr);
    return out;
}

struct Pipe {
    int read = -1, write = -1;
    [[nodiscard]] bool open()
    {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0)
            return false;
        read = ends[0];
        write = ends[1];
        return true;
    }
    void close()
    {
        for (int* end : {&read, &write})
            if (*end >= 0)
                ::close(std::exchange(*end, -1));
    }
};

/// What the child does between fork and exec: async-signal-safe calls only. Writes errno to `complain` if it fails.
[[noreturn]] void become(const char* file, char* const* arguments, char* const* environment, const char* directory, int out, int err,
                         int complain, pid_t parent)
{
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = ::open("/dev/null", O_RDONLY);
    bool ready = ::getppid() == parent && nothing >= 0 && ::dup2(nothing, 0) >= 0 && ::dup2(out, 1) >= 0 && ::dup2(err, 2) >= 0;
    int fault = ready ? 0 : errno;
    if (ready && directory && ::chdir(directory) != 0) {
        fault = -errno;
        ready = false;
    }
    if (ready) {
        struct sigaction plain {};
        plain.sa_handler = SIG_DFL;
        for (int number = 1; number < 32; ++number)
            ::sigaction(number, &plain, nullptr);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execve(file, arguments, environment);
        fault = errno;
    }
    (void)!::write(complain, &fault, sizeof fault);
    ::_exit(127);
}

Error start_failure(const Command& command, int fault)
{
    if (fault < 0)
        return fail(JF_E_CONFIG, "cannot work in '" + command.directory + "': " + std::strerror(-fault), "directory");
    const jf_status kind = fault == ENOENT ? JF_E_NOT_FOUND : fault == EACCES || fault == EPERM ? JF_E_DENIED
        : fault == EAGAIN || fault == ENOMEM ? JF_E_EXHAUSTED : JF_E_CONFIG;
    return fail(kind, "cannot start '" + command.arguments.front() + "': " + std::strerror(fault), "command");
}

} // namespace

Result<Process> Process::start(const Command& command)
{
    const std::string file = find_program(command.arguments.front(), command.environment);
    if (file.empty())
        return fail(JF_E_NOT_FOUND, "no program '" + command.arguments.front() + "' in PATH; install it or write its full path", "command");
    Pipe out, err, complain;
    if (!out.open() || !err.open() || !complain.open()) {
        const int fault = errno;
        out.close(), err.close(), complain.close();
        return start_failure(command, fault);
    }
    const auto arguments = pointers_to(command.arguments);
    const auto environment = pointers_to(command.environment);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0)
        become(file.c_str(), arguments.data(), environment.data(), command.directory.empty() ? nullptr : command.directory.c_str(), out.write,
               err.write, complain.write, parent);
    int fault = pid < 0 ? errno : 0;
    ::close(std::exchange(out.write, -1));
    ::close(std::exchange(err.write, -1));
    ::close(std::exchange(complain.write, -1));
    if (pid > 0) {
        ::setpgid(pid, pid); // both sides do it, so that it holds whoever comes first
        ssize_t got = 0;
        while ((got = ::read(complain.read, &fault, sizeof fault)) < 0 && errno == EINTR) {
        }
        if (got != sizeof fault)
            fault = 0; // the pipe was closed by exec: it runs
    }
    ::close(std::exchange(complain.read, -1));
    if (fault != 0) {
        if (pid > 0)
            ::waitpid(pid, nullptr, 0);
        out.close(), err.close();
        return start_failure(command, fault);
    }
    for (const int end : {out.read, err.read})
        ::fcntl(end, F_SETFL, ::fcntl(end, F_GETFL) | O_NONBLOCK);
    return Process(pid, out.read, err.read);
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), output_(std::exchange(other.output_, -1)), errors_(std::exchange(other.errors_, -1)),
      status_(other.status_), ended_(other.ended_)
{
}

Process::~Process()
{
    if (pid_ > 0) {
        ::kill(-pid_, SIGKILL); // also what it left running in its group
        if (!ended_)
            ::waitpid(pid_, nullptr, 0);
    }
    for (const int end : {output_, errors_})
        if (end >= 0)
            ::close(end);
}

bool Process::ended()
{
    if (!ended_ && ::waitpid(pid_, &status_, WNOHANG) == pid_)
        ended_ = true;
    return ended_;
}

void Process::signal(int number) const { ::kill(-pid_, number); }

} // namespace jackfield::program
