// Inbox: where threads of attempts leave what came of them, and where the coordinator of a run waits.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace jackfield::exec {

/// Many put, one takes. Any thread. Closed when the run is over: what comes later is dropped and counted.
template <class Message>
class Inbox {
public:
    /// False if the inbox is closed: nobody will look any more.
    bool put(Message message)
    {
        {
            const std::scoped_lock lock(mutex_);
            if (closed_)
                return false;
            messages_.push_back(std::move(message));
        }
        wake_.notify_one();
        return true;
    }
    /// Wakes take() without a message.
    void nudge()
    {
        {
            const std::scoped_lock lock(mutex_);
            nudged_ = true;
        }
        wake_.notify_one();
    }
    /// All messages; waits for one, a nudge or `nanoseconds`.
    std::vector<Message> take(std::int64_t nanoseconds)
    {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::nanoseconds(nanoseconds), [&] { return nudged_ || !messages_.empty(); });
        nudged_ = false;
        return std::exchange(messages_, {});
    }
    void close()
    {
        const std::scoped_lock lock(mutex_);
        closed_ = true;
    }

private:
    std::mutex mutex_; // guards all below
    std::condition_variable wake_;
    std::vector<Message> messages_;
    bool nudged_ = false;
    bool closed_ = false;
};

} // namespace jackfield::exec
