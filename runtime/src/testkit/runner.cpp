// One test, one process.
#include "testkit/runner.hpp"

#include "testkit/rows.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jackfield::testkit {

namespace {

using Outcome = CheckResult::Outcome;

/// A directory that goes when this does. One thread at a time.
class ScratchDirectory {
public:
    ScratchDirectory()
    {
        std::error_code none;
        std::filesystem::path base = std::filesystem::temp_directory_path(none);
        std::string pattern = (none ? std::filesystem::path("/tmp") : base) / "jackfield-check-XXXXXX";
        if (mkdtemp(pattern.data()))
            path_ = pattern;
    }
    ~ScratchDirectory()
    {
        std::error_code none;
        if (!path_.empty())
            std::filesystem::remove_all(path_, none);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// The shared page of a Note. One thread at a time.
class SharedNote {
public:
    SharedNote() : note_(mmap(nullptr, sizeof(Note), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {}
    ~SharedNote()
    {
        if (note_ != MAP_FAILED)
            munmap(note_, sizeof(Note));
    }
    SharedNote(const SharedNote&) = delete;
    SharedNote& operator=(const SharedNote&) = delete;
    [[nodiscard]] Note* get() const { return note_ == MAP_FAILED ? nullptr : static_cast<Note*>(note_); }
    /// " while it did this", or nothing.
    [[nodiscard]] std::string words() const
    {
        const Note* note = get();
        return note && note->text[0] != '\0' ? " while " + std::string(note->text, strnlen(note->text, sizeof note->text)) : std::string();
    }

private:
    void* note_;
};

/// What the test finds when it starts: the files of the facts, and what the fixture fills in (sinks start from nothing).
Status prepare(Kit& kit)
{
    if (!kit.write_files())
        return broken("the files of the facts cannot be written");
    if (kit.options().fixture.empty() || kit.info().kind.empty() || kit.info().kind == JF_KIND_SINK)
        return {};
    JF_ASSIGN(const std::string said, run_fixture(kit, "fill"));
    return {};
}

TestOutcome judge(const Test& test, const CheckOptions& options, const ComponentInfo& component, const boost::json::object& facts,
                  const std::filesystem::path& dir, Note* note)
{
    try {
        Kit kit(options, component, facts, dir, note);
        kit.random() = Random(options.seed, test.name);
        const Status ready = prepare(kit);
        Verdict verdict = ready ? test.run(kit) : Verdict(ready.error());
        if (verdict)
            return {Outcome::passed, verdict->empty() ? std::string(test.sentence) : std::move(*verdict)};
        const Error& error = verdict.error();
        if (is_skip(error))
            return {Outcome::skipped, error.message};
        const bool leads_nowhere = error.kind == JF_E_CONFIG || error.kind == JF_E_NOT_FOUND || error.kind == JF_E_UNAVAILABLE || error.kind == JF_E_DENIED;
        if (kit.drawn() && leads_nowhere)
            return {Outcome::skipped, "the options drawn from the schema lead nowhere (" + error.message + "); give --config '{…}'"};
        return {Outcome::failed, (error.where.empty() ? "" : error.where + ": ") + error.message};
    } catch (const std::exception& error) {
        return {Outcome::failed, std::string("an exception came out of the test: ") + error.what()};
    }
}

std::string first_line(const std::filesystem::path& file)
{
    std::ifstream in(file);
    std::string line;
    std::getline(in, line);
    return line.substr(0, 120);
}

/// In the child: never returns.
[[noreturn]] void child(const Test& test, const CheckOptions& options, const ComponentInfo& component, const boost::json::object& facts,
                        const std::filesystem::path& scratch, Note* note, int pipe_end)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (const int caught : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT})
        std::signal(caught, SIG_DFL); // the caller's handlers (a test framework's) are not for this
    const int nothing = open("/dev/null", O_RDONLY);
    const int out = open((scratch / "stdout").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    const int err = open((scratch / "stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
    dup2(nothing, 0), dup2(out, 1), dup2(err, 2);
    close(nothing), close(out), close(err);
    TestOutcome result = judge(test, options, component, facts, scratch / "dir", note);
    std::fflush(nullptr);
    if (result.outcome == Outcome::passed && std::filesystem::file_size(scratch / "stdout") > 0)
        result = {Outcome::failed, "the plugin writes to stdout ('" + first_line(scratch / "stdout") + "'); use the host's log"};
    std::string message(1, static_cast<char>('0' + static_cast<int>(result.outcome)));
    message += result.fact.substr(0, 4000);
    message += '\0';
    for (std::size_t sent = 0; sent < message.size();) {
        const ssize_t written = write(pipe_end, message.data() + sent, message.size() - sent);
        if (written <= 0 && errno != EINTR)
            break;
        sent += written > 0 ? static_cast<std::size_t>(written) : 0;
    }
    _exit(0);
}

/// What the child says, up to the NUL at its end; false: the time is over.
bool listen(int pipe_end, std::int64_t until_ns, std::string& message)
{
    for (;;) {
        const std::int64_t left = until_ns - monotonic_ns();
        pollfd ready{pipe_end, POLLIN, 0};
        const int found = left <= 0 ? 0 : poll(&ready, 1, static_cast<int>(left / 1'000'000 + 1));
        if (found == 0)
            return false;
        if (found < 0)
            continue; // EINTR
        char buffer[4096];
        const ssize_t size = read(pipe_end, buffer, sizeof buffer);
        if (size <= 0)
            return true;
        message.append(buffer, static_cast<std::size_t>(size));
        if (message.back() == '\0')
            return true;
    }
}

/// Waits a little for the end of the child, then kills it. Its status.
int reap(pid_t pid, bool hurry)
{
    int status = 0;
    for (int i = 0; !hurry && i < 200; ++i) {
        if (waitpid(pid, &status, WNOHANG) == pid) {
            kill(-pid, SIGKILL); // what it started
            return status;
        }
        const timespec pause{0, 1'000'000};
        nanosleep(&pause, nullptr);
    }
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

} // namespace

std::string ending_of(int wait_status)
{
    if (WIFSIGNALED(wait_status)) {
        const int number = WTERMSIG(wait_status);
        const char* name = sigabbrev_np(number);
        return "crashed (" + (name ? "SIG" + std::string(name) : "signal " + std::to_string(number)) + ")";
    }
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0)
        return "left by exit(" + std::to_string(WEXITSTATUS(wait_status)) + ")";
    return {};
}

TestOutcome run_test(const Test& test, const CheckOptions& options, const ComponentInfo& component, const boost::json::object& facts)
{
    const ScratchDirectory scratch;
    std::error_code failed;
    if (scratch.path().empty() || !std::filesystem::create_directory(scratch.path() / "dir", failed))
        return {Outcome::failed, "no temporary directory can be made; set TMPDIR"};
    const SharedNote note;
    if (options.in_process)
        return judge(test, options, component, facts, scratch.path() / "dir", note.get());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return {Outcome::failed, std::string("no pipe: ") + std::strerror(errno)};
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(test, options, component, facts, scratch.path(), note.get(), ends[1]);
    }
    close(ends[1]);
    const std::int64_t limit = options.timeout.count() * test.patience;
    std::string message;
    const bool back = pid > 0 && listen(ends[0], monotonic_ns() + limit, message);
    close(ends[0]);
    if (pid < 0)
        return {Outcome::failed, std::string("no process: ") + std::strerror(errno)};
    const int status = reap(pid, !back);
    if (!back)
        return {Outcome::failed, "did not come back within " + format_duration(std::chrono::nanoseconds(limit)) + note.words()};
    if (!message.empty() && message.back() == '\0' && message[0] >= '0' && message[0] <= '2')
        return {static_cast<Outcome>(message[0] - '0'), message.substr(1, message.size() - 2)};
    const std::string ending = ending_of(status);
    const std::string said = first_line(scratch.path() / "stderr");
    return {Outcome::failed, (ending.empty() ? "left the process" : ending) + note.words() + (said.empty() ? "" : "; stderr: " + said)};
}

} // namespace jackfield::testkit
