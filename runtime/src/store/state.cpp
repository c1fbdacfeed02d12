// The table of legal steps between states.
#include "store/state.hpp"

namespace jackfield::store {
namespace {

constexpr std::array<std::string_view, 10> texts = {"scheduled", "pending", "running", "paused",    "cancelling",
                                                    "completed", "failed",  "crashed", "cancelled", "skipped"};
constexpr std::array<std::string_view, 10> names = {"Scheduled", "Pending", "Running", "Paused",    "Cancelling",
                                                    "Completed", "Failed",  "Crashed", "Cancelled", "Skipped"};

constexpr std::uint32_t bit(State state) { return 1u << static_cast<unsigned>(state); }

/// Bits of the states that may follow. What failed or crashed may be tried again; what completed, was cancelled or
/// skipped stays so, and what is cancelling can only end as cancelled.
constexpr std::uint32_t followers(State from)
{
    constexpr std::uint32_t endings = bit(State::failed) | bit(State::crashed) | bit(State::cancelled);
    constexpr std::uint32_t again = bit(State::scheduled) | bit(State::pending) | bit(State::running);
    switch (from) {
    case State::scheduled:
        return again | endings | bit(State::paused) | bit(State::completed) | bit(State::skipped);
    case State::pending:
        return again | endings | bit(State::paused) | bit(State::cancelling) | bit(State::completed) | bit(State::skipped);
    case State::running:
        return endings | bit(State::running) | bit(State::scheduled) | bit(State::paused) | bit(State::cancelling) |
               bit(State::completed);
    case State::paused:
        return again | endings | bit(State::paused) | bit(State::cancelling);
    case State::cancelling:
        return bit(State::cancelled);
    case State::failed:
    case State::crashed:
        return again;
    case State::completed:
    case State::cancelled:
    case State::skipped:
        return 0;
    }
    return 0;
}

} // namespace

std::string_view to_text(State state) { return texts[static_cast<std::size_t>(state)]; }
std::string_view default_name(State state) { return names[static_cast<std::size_t>(state)]; }

std::optional<State> state_from_text(std::string_view text)
{
    for (State state : all_states)
        if (to_text(state) == text)
            return state;
    return std::nullopt;
}

bool is_terminal(State state) { return state >= State::completed; }

Status check_step(std::optional<State> from, std::string_view from_name, State to, std::string_view to_name,
                  std::string_view what)
{
    const std::string subject(what);
    const std::string target(to_text(to));
    if (!from) {
        constexpr std::uint32_t first = bit(State::scheduled) | bit(State::pending) | bit(State::running) |
                                        bit(State::completed) | bit(State::cancelled) | bit(State::skipped);
        if (!(first & bit(to)))
            return fail(JF_E_STATE, subject + " cannot begin as " + target + "; make it pending first");
        return {};
    }
    if (!(followers(*from) & bit(to)))
        return fail(JF_E_STATE, subject + " is " + std::string(to_text(*from)) + " and cannot become " + target);
    if (*from == to && from_name == to_name)
        return fail(JF_E_STATE, subject + " is " + target + " (" + std::string(to_name) +
                                    ") already; another worker has begun it");
    return {};
}

} // namespace jackfield::store
