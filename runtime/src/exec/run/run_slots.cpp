// Slots: a task that names keys holds a place under each of them while it runs, or waits in a queue for them.
#include "exec/run/run_loop.hpp"

#include <algorithm>

namespace jackfield::exec {

using store::State;

namespace {

constexpr std::int64_t look_every_ns = 50'000'000; ///< how often a waiting task asks again

std::string sentence_of_wait(const std::vector<store::SlotUse>& in_the_way, std::uint32_t slots)
{
    const auto who = [](const store::SlotUse& use) {
        return "run " + use.run + " task " + use.task + (use.slice.empty() ? "" : "[" + use.slice + "]");
    };
    const store::SlotUse& first = in_the_way.front();
    const std::string them = who(first) + (in_the_way.size() > 1 ? " and " + std::to_string(in_the_way.size() - 1) + " more" : "");
    if (!first.held)
        return "waits for '" + first.key + "': " + them + " came first";
    return "waits for '" + first.key + "' (" + std::to_string(slots) + (slots == 1 ? " slot), held by " : " slots), held by ") + them;
}

} // namespace

/// Has the item its slots? If not, it stands in the queue, and says so once.
bool Run::take_slots(RunItem& item)
{
    std::vector<store::SlotWish> wishes;
    for (const std::string& key : tasks_[item.task].slots) // a task that runs a sub-flow holds its slots for it
        if (std::find(setup_.held.begin(), setup_.held.end(), key) == setup_.held.end())
            wishes.push_back({key, setup_.flow.slots.at(key)});
    if (wishes.empty())
        return true;
    auto in_the_way = setup_.store->acquire_slots(wishes, shared_->recorder->run_id(), tasks_[item.task].name, item.slice);
    if (!in_the_way) { // the store's business: it is tried again, and a lasting failure ends the run in other ways
        shared_->recorder->log(tasks_[item.task].name, item.slice, item.attempts, JF_LOG_WARN, "its slots could not be asked for: " + in_the_way.error().message);
        item.look_ns = monotonic_ns() + second_ns;
        return false;
    }
    item.has_ticket = true;
    if (in_the_way->empty()) {
        item.waits = false;
        return true;
    }
    item.look_ns = monotonic_ns() + look_every_ns;
    if (!item.waits) {
        item.waits = true;
        item.state = State::scheduled;
        TaskStep step = step_of(item);
        const std::string sentence = sentence_of_wait(*in_the_way, setup_.flow.slots.at(in_the_way->front().key));
        step.name = store::awaiting_slot;
        step.message = sentence;
        shared_->recorder->task_state(step);
    }
    return false;
}

/// An item that could not start now, were its turn to come, lets others go first.
void Run::leave_queues()
{
    for (RunItem& item : items_)
        if (item.waits && item.has_ticket && !item.ended()) {
            (void)setup_.store->release_slots(shared_->recorder->run_id(), tasks_[item.task].name, item.slice);
            item.has_ticket = false;
            item.look_ns = 0;
        }
}

} // namespace jackfield::exec
