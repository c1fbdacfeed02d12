// Bounded queues, and the ends of epochs.
#include "exec/pipeline/channel.hpp"

#include <algorithm>

namespace jackfield::exec {
namespace {

constexpr std::uint64_t no_limit = UINT64_MAX;
constexpr std::uint64_t default_epoch_rows = 1'000'000;
constexpr std::uint64_t default_epoch_bytes = 67'108'864;
constexpr std::int64_t default_epoch_interval_ns = 5'000'000'000;

} // namespace

Channel::Channel(Attempt& attempt, std::size_t lanes, std::size_t max_items, std::uint64_t max_bytes)
    : attempt_(attempt), max_items_(std::max<std::size_t>(max_items, 1)), max_bytes_(max_bytes), queues_(lanes)
{
    waker_ = attempt.on_fail([this] {
        room_.notify_all();
        filled_.notify_all();
    });
}

bool Channel::has_room(const Queue& queue, const Item& item) const
{
    return queue.items.empty() || (queue.items.size() < max_items_ && queue.bytes + item.bytes <= max_bytes_);
}

Channel::Pushed Channel::push(std::size_t lane, Item& item, std::int64_t timeout_ns)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
    std::unique_lock lock(mutex_);
    Queue& queue = queues_[lane];
    while (!has_room(queue, item) && !attempt_.failed()) {
        // In slices: fail() wakes without this mutex, so that a wake-up may fall between test and sleep.
        const auto slice = std::min(until, std::chrono::steady_clock::now() + std::chrono::milliseconds(50));
        room_.wait_until(lock, slice);
        if (std::chrono::steady_clock::now() >= until && !has_room(queue, item))
            return attempt_.failed() ? Pushed::closed : Pushed::full;
    }
    if (attempt_.failed())
        return Pushed::closed;
    queue.bytes += item.bytes;
    queue.items.push_back(std::move(item));
    filled_.notify_one();
    return Pushed::yes;
}

bool Channel::push(std::size_t lane, Item item)
{
    for (;;) {
        const Pushed pushed = push(lane, item, 1'000'000'000);
        if (pushed != Pushed::full)
            return pushed == Pushed::yes;
    }
}

Channel::Queue* Channel::next_queue()
{
    for (std::size_t i = 0; i < queues_.size(); ++i) {
        Queue& queue = queues_[(turn_ + i) % queues_.size()];
        if (!queue.held && !queue.items.empty()) {
            turn_ = (turn_ + i + 1) % queues_.size();
            return &queue;
        }
    }
    return nullptr;
}

std::optional<Channel::Popped> Channel::pop(std::int64_t timeout_ns)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
    std::unique_lock lock(mutex_);
    for (;;) {
        if (attempt_.failed())
            return std::nullopt;
        if (Queue* queue = next_queue()) {
            Popped out{static_cast<std::size_t>(queue - queues_.data()), std::move(queue->items.front())};
            queue->items.pop_front();
            queue->bytes -= out.item.bytes;
            room_.notify_all();
            return out;
        }
        const auto now = std::chrono::steady_clock::now();
        if (now >= until)
            return std::nullopt;
        filled_.wait_until(lock, std::min(until, now + std::chrono::milliseconds(50)));
    }
}

void Channel::hold(std::size_t lane)
{
    const std::lock_guard lock(mutex_);
    queues_[lane].held = true;
}

void Channel::release_all()
{
    const std::lock_guard lock(mutex_);
    for (Queue& queue : queues_)
        queue.held = false;
}

EpochClock::EpochClock(Attempt& attempt, const Limits& limits, bool one_epoch)
    : attempt_(attempt), max_rows_(one_epoch ? no_limit : limits.epoch_rows.value_or(default_epoch_rows)),
      max_bytes_(one_epoch ? no_limit : limits.epoch_bytes.value_or(default_epoch_bytes)),
      interval_ns_(one_epoch ? no_deadline : limits.epoch_interval ? limits.epoch_interval->count() : default_epoch_interval_ns)
{
    waker_ = attempt.on_fail([this] { changed_.notify_all(); });
}

void EpochClock::request(std::uint64_t number) noexcept
{
    std::uint64_t now = requested_.load();
    while (now < number && !requested_.compare_exchange_weak(now, number)) {
    }
    if (now >= number)
        return;
    const std::lock_guard lock(mutex_);
    rows_ = bytes_ = 0;
    first_row_ns_ = 0;
}

bool EpochClock::add(std::uint64_t number, std::uint64_t rows, std::uint64_t bytes)
{
    if (requested() >= number)
        return true; // ended already by another lane
    const std::lock_guard lock(mutex_);
    if (first_row_ns_ == 0)
        first_row_ns_ = monotonic_ns();
    rows_ += rows;
    bytes_ += bytes;
    return rows_ >= max_rows_ || bytes_ >= max_bytes_;
}

bool EpochClock::time_is_up(std::uint64_t number) const
{
    if (requested() >= number)
        return true;
    if (interval_ns_ == no_deadline)
        return false;
    const std::lock_guard lock(mutex_);
    return first_row_ns_ != 0 && monotonic_ns() - first_row_ns_ >= interval_ns_;
}

std::uint64_t EpochClock::rows_left() const
{
    if (max_rows_ == no_limit)
        return no_limit;
    const std::lock_guard lock(mutex_);
    return rows_ < max_rows_ ? max_rows_ - rows_ : 1;
}

void EpochClock::committed(const CommittedEpoch& epoch)
{
    const std::lock_guard lock(mutex_);
    history_.push_back(epoch);
    if (history_.size() > 1000)
        history_.pop_front();
    committed_.store(epoch.number, std::memory_order_release);
    changed_.notify_all();
}

bool EpochClock::wait_committed(std::uint64_t number, std::int64_t timeout_ns)
{
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(timeout_ns);
    std::unique_lock lock(mutex_);
    while (committed() < number && !attempt_.failed()) {
        const auto now = std::chrono::steady_clock::now();
        if (now >= until)
            break;
        changed_.wait_until(lock, std::min(until, now + std::chrono::milliseconds(50)));
    }
    return committed() >= number;
}

std::vector<CommittedEpoch> EpochClock::committed_since(std::uint64_t number) const
{
    std::vector<CommittedEpoch> out;
    if (committed() <= number)
        return out;
    const std::lock_guard lock(mutex_);
    for (const CommittedEpoch& epoch : history_)
        if (epoch.number > number)
            out.push_back(epoch);
    return out;
}

void EpochClock::lose(std::size_t lane, const std::string& partition)
{
    const std::lock_guard lock(mutex_);
    lost_.emplace(lane, partition);
}

void EpochClock::forget(std::size_t lane, const std::string& partition)
{
    const std::lock_guard lock(mutex_);
    lost_.erase({lane, partition});
}

std::set<std::pair<std::size_t, std::string>> EpochClock::lost() const
{
    const std::lock_guard lock(mutex_);
    return lost_;
}

} // namespace jackfield::exec
