// The task "program": any program as a task, its output in the log of the run, its exit status as the result.
#include "lines.hpp"
#include "process.hpp"

#include <jackfield/sdk.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX names it so

namespace jackfield::program {

namespace {

constexpr std::int64_t tick_ns = 20'000'000; // how often deadline, cancel and the child are looked at
constexpr std::size_t largest_result = 1 << 20;

/// Reads what is there. False: the other end is closed.
template <class Take>
bool drain(int descriptor, Take&& take)
{
    std::array<char, 65'536> bytes;
    while (true) {
        const ssize_t got = ::read(descriptor, bytes.data(), bytes.size());
        if (got > 0)
            take(std::string_view(bytes.data(), static_cast<std::size_t>(got)));
        else if (got == 0 || (errno != EAGAIN && errno != EINTR))
            return false;
        else if (errno == EAGAIN)
            return true;
    }
}

std::string last_words(const std::string& line) { return line.empty() ? "" : "; it said last: " + line.substr(0, 300); }

} // namespace

/// Starts a program in a process group of its own, without a shell. One thread at a time.
class Program final : public sdk::Task {
public:
    static constexpr std::uint64_t faces = JF_IS_ACTION;

    static sdk::Options options()
    {
        return sdk::Options()
            .texts("command", "the program and its arguments, one string each; no shell reads them", {.required = true, .minimum = 1})
            .texts_by_name("environment", "variables to set; \"\" removes one")
            .boolean("inherit", "give it the environment of this process too", true)
            .groups("secrets", "variables that hold secrets", sdk::Options().text("name", "of the variable", {.required = true}).secret("value", "reference to the secret", true))
            .text("directory", "where it works; default: the directory of the run", {.format = "path"})
            .duration("kill_after", "time between asking it to stop (SIGTERM to its group) and killing it", "5s")
            .schema("success", "exit statuses that count as success", R"("type":"array","items":{"type":"integer","minimum":0,"maximum":255},"minItems":1,"default":[0])")
            .schema("unavailable", "exit statuses that mean passing trouble: worth trying again", R"("type":"array","items":{"type":"integer","minimum":0,"maximum":255})")
            .text("result", "json: what it prints is a JSON object, the result of the task; none: the result is its exit status", {.fallback = "none", .one_of = {"none", "json"}});
    }

    Program(const sdk::Config& config, sdk::Host host)
        : host_(host), kill_after_ns_(config.duration("kill_after")), json_(config.text("result") == "json")
    {
        command_.arguments = config.texts("command");
        command_.directory = config.text("directory");
        if (config.boolean("inherit"))
            for (char** entry = environ; *entry; ++entry)
                command_.environment.emplace_back(*entry);
        for (const auto& name : config.keys("environment"))
            set(name, config.text(sdk::Config::below("environment", name)));
        for (std::size_t i = 0; i < config.length("secrets"); ++i)
            secret_names_.emplace_back(config.text("/secrets/" + std::to_string(i) + "/name"));
        success_ = statuses(config, "success");
        unavailable_ = statuses(config, "unavailable");
    }

    Result<std::string> run(const sdk::Call& call, const sdk::Scope&, std::uint32_t) override
    {
        Command command = command_;
        for (std::size_t i = 0; i < secret_names_.size(); ++i) {
            std::string entry = secret_names_[i] + "=";
            JF_TRY(host_.with_secret(call.raw(), ("/secrets/" + std::to_string(i) + "/value").c_str(), [&](std::string_view secret) { entry += secret; }));
            command.environment.push_back(std::move(entry));
        }
        JF_ASSIGN(Process process, Process::start(command));
        JF_TRY(follow(call, process));
        return judge(process.status());
    }

private:
    void set(const std::string& name, std::string_view value)
    {
        std::erase_if(command_.environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
        if (!value.empty())
            command_.environment.push_back(name + "=" + std::string(value));
    }
    static std::vector<int> statuses(const sdk::Config& config, const std::string& name)
    {
        std::vector<int> out;
        for (std::size_t i = 0; i < config.length(name); ++i)
            out.push_back(static_cast<int>(config.integer("/" + name + "/" + std::to_string(i))));
        return out;
    }

    /// Puts the output into the log until the program has ended; stops it when the call is to end.
    Status follow(const sdk::Call& call, Process& process)
    {
        printed_.clear();
        last_error_.clear();
        Lines out([&](std::string_view line) { host_.info(line); });
        Lines err([&](std::string_view line) { host_.warn(line), last_error_ = line; });
        const auto take_out = [&](std::string_view bytes) {
            if (json_ && printed_.size() <= largest_result)
                printed_ += bytes;
            else
                out.add(bytes);
        };
        std::array<pollfd, 2> ends{pollfd{process.output(), POLLIN, 0}, pollfd{process.errors(), POLLIN, 0}};
        std::int64_t asked_at = 0;
        while (true) {
            const bool over = process.ended(); // before reading, so that its last words are read
            if (ends[0].fd >= 0 && !drain(ends[0].fd, take_out))
                ends[0].fd = -1;
            if (ends[1].fd >= 0 && !drain(ends[1].fd, [&](std::string_view bytes) { err.add(bytes); }))
                ends[1].fd = -1;
            if (over)
                break;
            const std::int64_t now = host_.monotonic_ns();
            const bool stop = call.cancelled() || now >= call.deadline_ns() - stop_margin_ns(call);
            if (stop && asked_at == 0) {
                asked_at = now;
                timed_out_ = !call.cancelled();
                process.signal(SIGTERM);
                process.signal(SIGCONT);
            } else if (asked_at != 0 && now - asked_at >= kill_after_ns_) {
                process.signal(SIGKILL);
            }
            ::poll(ends.data(), ends.size(), static_cast<int>(tick_ns / 1'000'000));
        }
        out.finish();
        err.finish();
        if (asked_at != 0)
            return timed_out_ ? fail(JF_E_TIMEOUT, "'" + command_.arguments.front() + "' ran out of time and was stopped with all it had started" + last_words(last_error_))
                              : fail(JF_E_CANCELLED, "'" + command_.arguments.front() + "' was stopped");
        return {};
    }

    /// The program is asked to stop early enough to be killed by the deadline; of a short time limit, a tenth before it.
    [[nodiscard]] std::int64_t stop_margin_ns(const sdk::Call& call)
    {
        if (call.deadline_ns() == INT64_MAX)
            return 0;
        if (margin_for_ != call.deadline_ns()) {
            margin_for_ = call.deadline_ns();
            margin_ns_ = std::clamp<std::int64_t>((margin_for_ - host_.monotonic_ns()) / 10, 0, kill_after_ns_);
        }
        return margin_ns_;
    }

    Result<std::string> judge(int status) const
    {
        const std::string name = "'" + command_.arguments.front() + "'";
        if (WIFSIGNALED(status)) {
            Error error = fail(JF_E_FAILED, name + " was killed by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")" + last_words(last_error_));
            error.code = "signal " + std::to_string(WTERMSIG(status));
            return error;
        }
        const int exit_status = WEXITSTATUS(status);
        if (std::find(success_.begin(), success_.end(), exit_status) == success_.end()) {
            const bool passing = std::find(unavailable_.begin(), unavailable_.end(), exit_status) != unavailable_.end();
            Error error = fail(passing ? JF_E_UNAVAILABLE : JF_E_FAILED, name + " ended with exit status " + std::to_string(exit_status) + last_words(last_error_));
            error.code = std::to_string(exit_status);
            return error;
        }
        if (!json_)
            return "{\"exit_status\":" + std::to_string(exit_status) + "}";
        if (printed_.size() > largest_result)
            return fail(JF_E_DATA, name + " printed more than 1 MiB where a JSON object was expected");
        return printed_;
    }

    sdk::Host host_;
    Command command_;
    std::vector<std::string> secret_names_;
    std::vector<int> success_, unavailable_;
    std::int64_t kill_after_ns_, margin_for_ = 0, margin_ns_ = 0;
    bool json_, timed_out_ = false;
    std::string printed_, last_error_;
};

} // namespace jackfield::program

JACKFIELD_PLUGIN("program", "0.1.0", "Jackfield", "Apache-2.0",
    jackfield::sdk::task<jackfield::program::Program>("program", "Runs any program",
        "Starts a program in a process group of its own, without a shell. Standard output goes to the log of the run as "
        "information, standard error as warnings. A time limit or a cancelled run stops the whole group."))
