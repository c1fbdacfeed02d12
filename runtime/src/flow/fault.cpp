// Order and looks of faults.
#include <jackfield/runtime/fault.hpp>

#include <algorithm>
#include <tuple>

namespace jackfield {
namespace {

auto key(const Fault& fault)
{
    return std::tie(fault.file, fault.line, fault.column, fault.path, fault.message);
}

std::string place(const Fault& fault)
{
    if (fault.line == 0)
        return fault.file;
    return fault.file + ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column);
}

std::string padded(std::string text, std::size_t width)
{
    const auto characters = static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80; }));
    if (characters < width)
        text.append(width - characters, ' ');
    return text;
}

} // namespace

void sort_faults(std::vector<Fault>& faults)
{
    std::sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return key(a) < key(b); });
    faults.erase(std::unique(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return key(a) == key(b); }),
                 faults.end());
}

std::string format_faults(const std::vector<Fault>& faults)
{
    constexpr std::size_t widest = 60; // one very long path must not push all sentences off the screen
    std::size_t place_width = 0;
    std::size_t path_width = 0;
    for (const auto& fault : faults) {
        place_width = std::max(place_width, std::min(widest, place(fault).size()));
        path_width = std::max(path_width, std::min(widest, fault.path.size()));
    }
    std::string out;
    for (const auto& fault : faults) {
        if (place_width > 0)
            out += padded(place(fault), place_width) + "  ";
        if (path_width > 0)
            out += padded(fault.path, path_width) + "  ";
        out += fault.message + "\n";
    }
    return out;
}

} // namespace jackfield
