// The filter for system calls (seccomp), and snapshots of the process.
#include "testkit/guard.hpp"
#include "testkit/runner.hpp"

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace jackfield::testkit {

namespace {

struct SystemCall {
    long number;
    const char* name;
};

constexpr SystemCall forbidden[] = {
#ifdef SYS_open
    {SYS_open, "open"}, {SYS_stat, "stat"}, {SYS_lstat, "lstat"}, {SYS_access, "access"}, {SYS_fork, "fork"}, {SYS_vfork, "vfork"},
    {SYS_unlink, "unlink"}, {SYS_rename, "rename"}, {SYS_mkdir, "mkdir"}, {SYS_rmdir, "rmdir"}, {SYS_creat, "creat"}, {SYS_readlink, "readlink"},
#endif
    {SYS_openat, "openat"}, {SYS_openat2, "openat2"}, {SYS_newfstatat, "newfstatat"}, {SYS_statx, "statx"}, {SYS_faccessat, "faccessat"},
    {SYS_socket, "socket"}, {SYS_connect, "connect"}, {SYS_bind, "bind"}, {SYS_execve, "execve"}, {SYS_clone, "clone"}, {SYS_clone3, "clone3"},
    {SYS_unlinkat, "unlinkat"}, {SYS_renameat2, "renameat2"}, {SYS_mkdirat, "mkdirat"}, {SYS_readlinkat, "readlinkat"}, {SYS_chdir, "chdir"},
};
constexpr int exit_base = 100; // exit status exit_base + i: forbidden[i] was called

void on_forbidden(int, siginfo_t* info, void*)
{
    for (std::size_t i = 0; i < std::size(forbidden); ++i)
        if (forbidden[i].number == info->si_syscall)
            _exit(exit_base + static_cast<int>(i));
    _exit(exit_base + static_cast<int>(std::size(forbidden)));
}

/// False where the kernel has no such filter.
bool install_filter()
{
    struct sigaction action{};
    action.sa_sigaction = on_forbidden;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, nullptr);
    std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const SystemCall& call : forbidden) {
        program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call.number), 0, 1));
        program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    }
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::size_t entries(const char* directory)
{
    std::size_t found = 0;
    std::error_code none;
    for (auto it = std::filesystem::directory_iterator(directory, none); it != std::filesystem::directory_iterator(); it.increment(none))
        ++found;
    return found;
}

std::string status_line(std::string_view key)
{
    std::ifstream in("/proc/self/status");
    for (std::string line; std::getline(in, line);)
        if (line.rfind(key, 0) == 0)
            return line;
    return {};
}

std::string handler_text(int number)
{
    struct sigaction action{};
    if (sigaction(number, nullptr, &action) != 0)
        return "?";
    const auto* bytes = reinterpret_cast<const unsigned char*>(&action.sa_handler);
    std::string out = std::to_string(action.sa_flags);
    for (std::size_t i = 0; i < sizeof action.sa_handler; ++i)
        out += "." + std::to_string(bytes[i]);
    return out;
}

} // namespace

Status without_outside(Kit& kit, std::string_view who, const std::function<Status()>& work)
{
    if (kit.options().in_process)
        return work();
    int ends[2];
    if (pipe(ends) != 0)
        return broken("no pipe");
    const pid_t pid = fork();
    if (pid < 0)
        return broken("no process");
    if (pid == 0) {
        install_filter();
        const Status done = work();
        const std::string said = done ? std::string() : done.error().message;
        const bool told = said.empty() || write(ends[1], said.data(), std::min<std::size_t>(said.size(), 2000)) > 0;
        _exit(done && told ? 0 : 1);
    }
    close(ends[1]);
    std::string said;
    char buffer[2048];
    for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;)
        said.append(buffer, static_cast<std::size_t>(size));
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) >= exit_base && WEXITSTATUS(status) < exit_base + static_cast<int>(std::size(forbidden)))
        return broken(std::string(who) + " called " + forbidden[WEXITSTATUS(status) - exit_base].name + "(); it does no input or output, and starts nothing");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
        return broken(said);
    const std::string ending = ending_of(status);
    return must(ending.empty(), std::string(who) + " " + ending);
}

Surroundings Surroundings::now()
{
    Surroundings out;
    std::string all;
    for (char** each = environ; each && *each; ++each)
        all += std::string(*each) + "\n";
    out.facts_.emplace_back("the environment", std::move(all));
    std::error_code none;
    out.facts_.emplace_back("the working directory", std::filesystem::current_path(none).string());
    out.facts_.emplace_back("the umask", status_line("Umask"));
    const char* locale = std::setlocale(LC_ALL, nullptr);
    out.facts_.emplace_back("the locale", locale ? locale : "");
    for (int number = 1; number < SIGRTMAX; ++number)
        out.facts_.emplace_back("the handler of signal " + std::to_string(number), handler_text(number));
    out.facts_.emplace_back("the blocked signals", status_line("SigBlk"));
    out.facts_.emplace_back("the rounding of floating point", std::to_string(std::fegetround()));
    for (int fd = 0; fd < 3; ++fd) {
        struct stat about{};
        const bool open = fstat(fd, &about) == 0;
        out.facts_.emplace_back("descriptor " + std::to_string(fd), open ? std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino) : "closed");
    }
    return out;
}

Status Surroundings::same_as(const Surroundings& before) const
{
    for (std::size_t i = 0; i < facts_.size(); ++i)
        if (facts_[i] != before.facts_[i])
            return broken("changes " + facts_[i].first + " of the whole process; that belongs to the program");
    return {};
}

Holdings Holdings::now()
{
    Holdings out;
    out.descriptors = entries("/proc/self/fd");
    out.threads = entries("/proc/self/task");
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        ++out.maps;
    std::ifstream children("/proc/thread-self/children");
    for (std::string word; children >> word;)
        ++out.children;
    out.heap = mallinfo2().uordblks;
    return out;
}

} // namespace jackfield::testkit
