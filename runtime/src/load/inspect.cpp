// Inspection of plugin files in child processes.
//
// fork without exec: a library has no program of its own that it could start. The child is alone with a copy of this
// process, does nothing but load one file, and leaves by _exit().
#include "load/inspect.hpp"

#include "load/library.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace jackfield {

namespace json = boost::json;

namespace {

constexpr std::size_t answer_limit = std::size_t{64} << 20;

void write_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t count = write(fd, text.data(), text.size());
        if (count < 0 && errno != EINTR)
            return;
        if (count > 0)
            text.remove_prefix(static_cast<std::size_t>(count));
    }
}

/// What the child does. It must not come back into the program that it is a copy of.
[[noreturn]] void be_child(const std::filesystem::path& file, int answer, pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    for (const int caught : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTERM, SIGINT})
        std::signal(caught, SIG_DFL); // the program's handlers are not for this
    if (const int nowhere = open("/dev/null", O_RDWR); nowhere >= 0)
        for (const int standard : {0, 1, 2})
            dup2(nowhere, standard);
    std::string text;
    try {
        auto loaded = load_library(file);
        json::object out;
        if (loaded)
            out["plugin"] = to_json(loaded->info);
        else
            out["error"] = {{"kind", loaded.error().kind}, {"message", loaded.error().message}};
        text = json::serialize(out);
    } catch (...) {
        _exit(1);
    }
    write_all(answer, text);
    _exit(0);
}

/// One child and what it has said so far.
struct Child {
    std::size_t index = 0;
    pid_t pid = -1;
    int answer = -1;
    std::chrono::steady_clock::time_point until;
    std::string text;
    bool late = false;
};

bool start(const std::filesystem::path& file, Child& child)
{
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0)
        return false;
    const pid_t parent = getpid();
    child.pid = fork();
    if (child.pid == 0)
        be_child(file, ends[1], parent);
    close(ends[1]);
    child.answer = ends[0];
    if (child.pid < 0)
        close(ends[0]);
    return child.pid > 0;
}

/// Reads what is there; false at the end.
bool take(Child& child)
{
    std::array<char, 65536> part{};
    const ssize_t count = read(child.answer, part.data(), part.size());
    if (count > 0)
        child.text.append(part.data(), static_cast<std::size_t>(count));
    return count > 0 ? child.text.size() <= answer_limit : count < 0 && errno == EINTR;
}

Inspection judge(const std::filesystem::path& file, const Child& child, int status, std::chrono::nanoseconds patience)
{
    const std::string who = "'" + file.string() + "' ";
    if (child.late)
        return {fail(JF_E_FAILED, who + "hangs: it did not come back from being loaded within " + std::to_string(patience.count() / 1'000'000) +
                                      " ms; take it away or report it to its vendor"), true};
    boost::system::error_code wrong;
    const json::value answer = json::parse(child.text, wrong);
    if (WIFSIGNALED(status))
        return {fail(JF_E_FAILED, who + "crashes when it is loaded (" + strsignal(WTERMSIG(status)) + "); take it away or report it to its vendor"), true};
    if (wrong || !answer.is_object())
        return {fail(JF_E_FAILED, who + "ended the process that loaded it; take it away or report it to its vendor"), true};
    if (const json::value* plugin = answer.get_object().if_contains("plugin")) {
        auto info = plugin_from_json(*plugin);
        if (info)
            info->file = file;
        return {std::move(info), true};
    }
    const json::value* error = answer.get_object().if_contains("error");
    const auto* kind = error && error->is_object() ? error->get_object().if_contains("kind") : nullptr;
    const auto* message = error && error->is_object() ? error->get_object().if_contains("message") : nullptr;
    if (!kind || !message || !kind->is_int64() || !message->is_string())
        return {fail(JF_E_FAILED, who + "answered nonsense"), false};
    return {fail(static_cast<jf_status>(kind->get_int64()), std::string(message->get_string())), false};
}

Inspection finish(const std::filesystem::path& file, Child& child, std::chrono::nanoseconds patience)
{
    close(child.answer);
    if (child.late || child.text.size() > answer_limit)
        kill(child.pid, SIGKILL);
    int status = 0;
    while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
    }
    return judge(file, child, status, patience);
}

/// Waits for something to happen, and moves the children that are done out of `running`.
std::vector<Child> wait_some(std::vector<Child>& running)
{
    std::vector<pollfd> wanted;
    auto soonest = running.front().until;
    for (const Child& child : running) {
        wanted.push_back({child.answer, POLLIN, 0});
        soonest = std::min(soonest, child.until);
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(soonest - std::chrono::steady_clock::now()).count();
    poll(wanted.data(), wanted.size(), static_cast<int>(std::clamp<long long>(left + 1, 0, 60'000)));
    std::vector<Child> done;
    for (std::size_t i = running.size(); i-- > 0;) {
        bool over = wanted[i].revents != 0 && !take(running[i]);
        if (!over && std::chrono::steady_clock::now() >= running[i].until)
            over = running[i].late = true;
        if (over) {
            done.push_back(std::move(running[i]));
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    return done;
}

std::string text_of(const json::object& object, const char* name)
{
    const json::value* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

} // namespace

std::vector<Inspection> inspect(const std::vector<std::filesystem::path>& files, std::chrono::nanoseconds patience)
{
    std::vector<Inspection> out(files.size(), Inspection{fail(JF_E_FAILED, "not looked at"), false});
    const std::size_t at_once = std::max(4u, std::thread::hardware_concurrency());
    std::vector<Child> running;
    for (std::size_t next = 0; next < files.size() || !running.empty();) {
        if (next < files.size() && running.size() < at_once) {
            Child child;
            child.index = next;
            child.until = std::chrono::steady_clock::now() + patience;
            if (start(files[next], child))
                running.push_back(std::move(child));
            else
                out[next] = {fail(JF_E_EXHAUSTED, "'" + files[next].string() + "' was not looked at: no process could be started"), false};
            ++next;
            continue;
        }
        for (Child& child : wait_some(running))
            out[child.index] = finish(files[child.index], child, patience);
    }
    return out;
}

json::object to_json(const PluginInfo& plugin)
{
    json::array components;
    for (const ComponentInfo& c : plugin.components)
        components.push_back(json::object{{"kind", c.kind}, {"id", c.id}, {"version", c.version}, {"title", c.title}, {"description", c.description},
            {"schema", c.schema}, {"connection", c.connection}, {"connection_optional", c.connection_optional}});
    json::array notes;
    for (const std::string& note : plugin.notes)
        notes.emplace_back(note);
    return {{"name", plugin.name}, {"version", plugin.version}, {"vendor", plugin.vendor}, {"license", plugin.license},
            {"built_with", plugin.built_with}, {"components", std::move(components)}, {"notes", std::move(notes)}};
}

Result<PluginInfo> plugin_from_json(const json::value& value)
{
    const auto bad = [] { return fail(JF_E_DATA, "this is no description of a plugin"); };
    const json::object* object = value.if_object();
    const json::value* components = object ? object->if_contains("components") : nullptr;
    const json::value* notes = object ? object->if_contains("notes") : nullptr;
    if (!components || !components->is_array() || !notes || !notes->is_array())
        return bad();
    PluginInfo out;
    out.name = text_of(*object, "name");
    out.version = text_of(*object, "version");
    out.vendor = text_of(*object, "vendor");
    out.license = text_of(*object, "license");
    out.built_with = text_of(*object, "built_with");
    for (const json::value& entry : components->get_array()) {
        const json::object* c = entry.if_object();
        const json::value* optional = c ? c->if_contains("connection_optional") : nullptr;
        if (!optional || !optional->is_bool())
            return bad();
        out.components.push_back({text_of(*c, "kind"), text_of(*c, "id"), text_of(*c, "version"), text_of(*c, "title"), text_of(*c, "description"),
                                  text_of(*c, "schema"), text_of(*c, "connection"), optional->get_bool()});
        if (out.components.back().kind.empty() || out.components.back().id.empty())
            return bad();
    }
    for (const json::value& note : notes->get_array())
        if (note.is_string())
            out.notes.emplace_back(note.get_string().data(), note.get_string().size());
    return out;
}

} // namespace jackfield
