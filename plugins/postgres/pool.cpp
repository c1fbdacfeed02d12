// Pool and Lease.
#include "pool.hpp"

#include <algorithm>
#include <string>

namespace jackfield::postgres {
namespace {

using Clock = std::chrono::steady_clock;

/// How long a kept session may take to say that it lives.
constexpr std::chrono::seconds ping_limit{5};

std::int64_t in_ns(Clock::time_point when) { return std::chrono::duration_cast<std::chrono::nanoseconds>(when.time_since_epoch()).count(); }

bool alive(Session& session, bool ask)
{
    if (session.broken())
        return false;
    return !ask || session.execute(Patience(in_ns(Clock::now() + ping_limit)), "").has_value(); // an empty query: one round trip
}

} // namespace

Lease& Lease::operator=(Lease&& other) noexcept
{
    if (this != &other) {
        give_back();
        pool_ = std::move(other.pool_);
        session_ = std::move(other.session_);
    }
    return *this;
}

void Lease::give_back()
{
    if (session_)
        pool_->take_back(std::move(session_));
    pool_.reset();
}

/// Waits for a place; places are given in order of arrival.
Status Pool::enter(const Patience& patience)
{
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = arrived_++;
    const auto limit = Clock::now() + rules_.wait;
    waiting_.push_back(ticket);
    Status out;
    while (out && !(waiting_.front() == ticket && places_ < rules_.size + rules_.overflow)) {
        if (patience.cancelled())
            out = fail(JF_E_CANCELLED, "waiting for a connection was cancelled");
        else if (Clock::now() >= limit || in_ns(Clock::now()) >= patience.deadline_ns())
            out = fail(JF_E_UNAVAILABLE, "all " + std::to_string(rules_.size + rules_.overflow) + " connections of the pool are in use; raise "
                    "'pool.size' or 'pool.overflow', or let fewer tasks run at once");
        else
            freed_.wait_for(lock, std::chrono::milliseconds(20)); // cancelled() has no way to wake us
    }
    std::erase(waiting_, ticket);
    if (out)
        ++places_;
    freed_.notify_all(); // the next in line
    return out;
}

void Pool::leave()
{
    const std::lock_guard lock(mutex_);
    --places_;
    freed_.notify_all();
}

/// A kept session that lives, or a new one.
Result<Lease> Pool::connect(const Patience& patience)
{
    for (;;) {
        Kept kept;
        {
            const std::lock_guard lock(mutex_);
            if (kept_.empty())
                break;
            kept = std::move(kept_.back());
            kept_.pop_back();
        }
        const bool old = rules_.recycle.count() > 0 && Clock::now() - kept.made > rules_.recycle;
        if (old || !alive(*kept.session, rules_.pre_ping))
            continue;
        const std::lock_guard lock(mutex_);
        lent_.emplace(kept.session.get(), kept.made);
        return Lease(shared_from_this(), std::move(kept.session));
    }
    JF_ASSIGN(auto made, connect_(patience));
    const std::lock_guard lock(mutex_);
    lent_.emplace(made.get(), Clock::now());
    return Lease(shared_from_this(), std::move(made));
}

Result<Lease> Pool::lend(const Patience& patience)
{
    JF_TRY(enter(patience));
    auto lease = connect(patience);
    if (!lease)
        leave();
    return lease;
}

void Pool::take_back(std::unique_ptr<Session> session)
{
    session->roll_back();
    session->calm();
    (void)session->take_notices();
    std::unique_ptr<Session> surplus; // closed after the lock
    const std::lock_guard lock(mutex_);
    const auto lent = lent_.find(session.get());
    const auto made = lent->second;
    lent_.erase(lent);
    if (session->broken() || kept_.size() >= rules_.size)
        surplus = std::move(session);
    else
        kept_.push_back({std::move(session), made});
    --places_;
    freed_.notify_all();
}

void Pool::interrupt()
{
    const std::lock_guard lock(mutex_);
    for (const auto& [session, made] : lent_)
        session->interrupt();
}

Pool::Counts Pool::counts()
{
    const std::lock_guard lock(mutex_);
    return {kept_.size() + lent_.size(), lent_.size(), waiting_.size()};
}

} // namespace jackfield::postgres
