// Pool: the open sessions of one connection of a flow, lent one at a time.
#pragma once

#include "session.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace jackfield::postgres {

/// What a pool may do. Value.
struct PoolRules {
    std::size_t size = 5;                  ///< sessions that are kept open
    std::size_t overflow = 10;             ///< sessions beyond that, closed when they come back
    bool pre_ping = true;                  ///< ask a kept session whether it lives before it is lent
    std::chrono::nanoseconds recycle{0};   ///< close a kept session that is older; 0: never
    std::chrono::nanoseconds wait{30'000'000'000}; ///< for a session when all are lent
};

class Pool;

/// A session that is lent; given back when the lease ends. Movable. One thread at a time.
class Lease {
public:
    Lease() = default;
    Lease(std::shared_ptr<Pool> pool, std::unique_ptr<Session> session) : pool_(std::move(pool)), session_(std::move(session)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&& other) noexcept;
    ~Lease() { give_back(); }

    Session& operator*() const { return *session_; }
    Session* operator->() const { return session_.get(); }
    explicit operator bool() const { return session_ != nullptr; }
    void give_back();

private:
    std::shared_ptr<Pool> pool_; // outlives the leases, which streams may hold beyond the connection
    std::unique_ptr<Session> session_;
};

/// Any thread.
class Pool : public std::enable_shared_from_this<Pool> {
public:
    /// Makes one session; called without a lock held. Throws nothing.
    using Connect = std::function<Result<std::unique_ptr<Session>>(const Patience&)>;

    Pool(Connect connect, const PoolRules& rules) : connect_(std::move(connect)), rules_(rules) {}

    /// A session that is idle and outside any transaction. Waits in order of arrival when all are lent.
    /// JF_E_UNAVAILABLE: none came free within rules.wait; the remedy is said.
    Result<Lease> lend(const Patience& patience);

    /// Ends what is in progress on each session that is lent.
    void interrupt();

    struct Counts {
        std::size_t open = 0, lent = 0, waiting = 0;
    };
    [[nodiscard]] Counts counts();

private:
    friend class Lease;
    struct Kept {
        std::unique_ptr<Session> session;
        std::chrono::steady_clock::time_point made;
    };

    Result<Lease> connect(const Patience& patience);
    Status enter(const Patience& patience);
    void leave();
    void take_back(std::unique_ptr<Session> session);

    Connect connect_;
    PoolRules rules_;
    std::mutex mutex_; // guards what follows
    std::condition_variable freed_;
    std::deque<Kept> kept_; // the last one back is the first one lent: the others grow old and are closed
    std::map<Session*, std::chrono::steady_clock::time_point> lent_; // and when each was made
    std::size_t places_ = 0; // taken: lent, or about to be
    std::uint64_t arrived_ = 0;
    std::deque<std::uint64_t> waiting_; // tickets, in order of arrival
};

} // namespace jackfield::postgres
