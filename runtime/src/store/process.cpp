// Processes as Linux shows them under /proc.
#include "store/process.hpp"

#include <array>
#include <charconv>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

namespace jackfield::store {
namespace {

std::string first_line(const std::string& path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

/// Field 22 of /proc/PID/stat, in clock ticks since boot. The name (field 2) may hold blanks and brackets, so fields are
/// counted from the last ')'. Empty for a process that is gone or is a zombie (dead, not yet waited for).
std::string start_time(std::int64_t pid)
{
    const std::string line = first_line("/proc/" + std::to_string(pid) + "/stat");
    const auto bracket = line.rfind(')');
    if (bracket == std::string::npos)
        return {};
    std::istringstream fields(line.substr(bracket + 1));
    std::string field;
    for (int number = 3; number <= 22 && fields >> field; ++number)
        if (number == 3 && (field == "Z" || field == "X"))
            return {};
    return field;
}

std::string host_name()
{
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0)
        return "localhost";
    return name.data();
}

/// Numbers of processes mean something only within one name space of one machine.
std::string pid_space()
{
    std::array<char, 64> target{};
    const auto length = readlink("/proc/self/ns/pid", target.data(), target.size());
    return first_line("/etc/machine-id") + '/' + std::string(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
}

std::string boot_id() { return first_line("/proc/sys/kernel/random/boot_id"); }

/// "machine/pid space/boot/start", split at '/'.
std::vector<std::string> parts(const std::string& birth)
{
    std::vector<std::string> result;
    std::istringstream stream(birth);
    for (std::string part; std::getline(stream, part, '/');)
        result.push_back(part);
    return result;
}

} // namespace

Process this_process()
{
    const std::int64_t pid = getpid();
    return {host_name(), pid, pid_space() + '/' + boot_id() + '/' + start_time(pid)};
}

Alive alive(const Process& process)
{
    const auto birth = parts(process.birth);
    if (process.pid <= 0 || birth.size() != 4 || process.host != host_name())
        return Alive::unknown;
    if (birth[0] != first_line("/etc/machine-id"))
        return Alive::unknown;
    if (birth[2] != boot_id())
        return Alive::no;
    if (birth[0] + '/' + birth[1] != pid_space())
        return Alive::unknown;
    const std::string start = start_time(process.pid);
    if (start.empty() && kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == EPERM)
        return Alive::unknown; // /proc hides other people's processes here
    return start == birth[3] ? Alive::yes : Alive::no;
}

} // namespace jackfield::store
