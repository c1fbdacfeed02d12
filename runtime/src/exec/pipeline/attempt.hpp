// Attempt: what all threads of one attempt share. Caller: the frame of one thread's calls, and the watch over it.
#pragma once

#include "exec/pipeline/memory.hpp"
#include "exec/pipeline/pipeline.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace jackfield::exec {

/// The calls of one thread into plugins. One thread at a time, but for overdue().
class Caller {
public:
    Caller(const Cancellation& cancellation, const PipelineContext& context, std::string who);

    /// For the next call: back within the call timeout.
    CallFrame& call() noexcept;
    /// For a call that waits: asked to be back after `wait_ns`, given up as any other.
    CallFrame& poll(std::int64_t wait_ns) noexcept;
    /// For calls that tidy up: they run though the attempt is cancelled, and get less time.
    CallFrame& closing() noexcept;
    /// Refused rows of calls to come; see CallFrame.
    void set_rejects(const RejectHandler& handler);

    /// Runs `body`, which makes calls without a frame (close, destroy).
    template <class Body>
    void close_with(const char* what, Body&& body) noexcept
    {
        const char* const outer = begin_closing(what);
        body();
        label_.store(outer);
    }

    /// The call that should have been back by now: "source: next() …". Any thread.
    struct Overdue {
        std::string who, function;
        std::int64_t since_ns = 0;
    };
    [[nodiscard]] std::optional<Overdue> overdue(std::int64_t now_ns) const;
    /// Whether a call is in progress. Any thread.
    [[nodiscard]] bool inside() const noexcept;
    [[nodiscard]] const std::string& who() const noexcept { return who_; }

private:
    CallFrame& prepare(CallFrame& frame, std::int64_t polite_ns, std::int64_t hard_ns) noexcept;
    const char* begin_closing(const char* what) noexcept;
    [[nodiscard]] std::int64_t closing_limit(std::int64_t now_ns) const noexcept;

    std::string who_;
    std::int64_t deadline_ns_, call_timeout_ns_, grace_ns_;
    CallFrame frame_, closing_;
    std::atomic<std::uint64_t> sequence_{0}; // of calls: tells a watcher whether what it read belongs together
    std::atomic<std::int64_t> started_ns_{0}, hard_ns_{no_deadline};
    std::atomic<const char*> label_{nullptr};
};

/// Any thread. Shared by the threads of the attempt and by run_pipeline, which may leave before them.
class Attempt : public std::enable_shared_from_this<Attempt> {
public:
    Attempt(const PipelinePlan& plan, const PipelineContext& context);

    const PipelinePlan plan;
    const PipelineContext context;
    std::vector<MemoryFactory> memory; ///< of instances; set before the threads start
    Cancellation cancellation; ///< of every call into a plugin, but for those that tidy up

    /// Names the scope of tokens; the views live as long as the attempt.
    [[nodiscard]] ProgressScope scope() const noexcept;
    [[nodiscard]] store::Scope store_scope() const;

    /// The attempt has failed; the first reason counts. Everybody stops.
    void fail(Error error);
    [[nodiscard]] bool failed() const noexcept { return cancellation.cancelled(); }
    [[nodiscard]] std::optional<Error> failure() const;
    /// 0: go on, 1: finish the epoch in flight, 2: stop now.
    [[nodiscard]] int level() const noexcept { return failed() ? 2 : context.control->level(); }
    /// Lanes that wait for the first schema of their source, and whether any lane has read rows: a stop before that has nothing
    /// to finish, so it does not wait for a source that answers slowly.
    std::atomic<int> first_schemas{0};
    std::atomic<bool> has_read{false};

    void warn(std::string message);
    void log(std::int32_t level, std::string_view message) const;
    [[nodiscard]] std::vector<std::string> warnings() const;
    void at_point(std::string_view point, std::uint64_t number) const
    {
        if (at_point_)
            at_point_(point, number);
    }

    // ---- threads ---------------------------------------------------------------------------------------------------
    /// Starts a thread that may call plugins through `caller`. An exception that escapes is a bug and fails the attempt.
    void start(std::shared_ptr<Caller> caller, std::function<void()> body);
    /// The thread of `caller` makes calls through `more` as well, for the time that it has no thread of its own.
    void watch_too(const Caller& caller, std::shared_ptr<Caller> more);
    /// Waits for all threads, watching calls, control and deadline. Returns how many were given up.
    std::uint32_t watch();
    void wake() noexcept;

    /// Calls `interrupt` when the attempt fails, as long as the registration lives. `wake` runs before, on the thread of
    /// fail(), and must not block.
    class Registration {
    public:
        Registration() = default;
        Registration(Registration&&) noexcept;
        Registration& operator=(Registration&&) noexcept;
        ~Registration() { reset(); }
        void reset() noexcept;

    private:
        friend class Attempt;
        Attempt* attempt_ = nullptr; // outlives the registration: whoever holds one holds the attempt
        std::list<std::function<void()>>::iterator place_{};
        std::list<std::function<void()>>* list_ = nullptr;
    };
    [[nodiscard]] Registration on_interrupt(std::function<void()> interrupt);
    [[nodiscard]] Registration on_fail(std::function<void()> wake);

    // ---- outcome -----------------------------------------------------------------------------------------------------
    std::atomic<std::uint32_t> groups_open{0}; ///< writers that have not ended
    std::atomic<bool> finished{false}, stopped{false}, continued{false};

private:
    struct Worker {
        std::thread thread;
        std::vector<std::shared_ptr<Caller>> callers; ///< shared with the thread
        bool done = false;
        bool abandoned = false;
    };
    [[nodiscard]] static std::optional<Caller::Overdue> overdue(const Worker& worker, std::int64_t now_ns);
    [[nodiscard]] std::optional<Error> reason_to_end(std::int64_t now_ns) const;
    [[nodiscard]] bool look(std::int64_t now_ns);
    void interrupt_all();
    [[nodiscard]] Error late(const Caller::Overdue& call) const;

    std::function<void(std::string_view, std::uint64_t)> at_point_;
    mutable std::mutex mutex_; // guards what follows
    std::condition_variable changed_;
    std::optional<Error> failure_;
    std::int64_t failed_ns_ = 0;
    bool interrupted_ = false, closed_ = false;
    std::vector<std::string> warnings_;
    std::list<Worker> workers_;
    std::list<std::function<void()>> wakers_;
    std::mutex interrupts_mutex_; // guards interrupts_; held while they run
    std::list<std::function<void()>> interrupts_;
};

} // namespace jackfield::exec
