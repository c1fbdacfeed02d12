// The frame of a call into a plugin: deadline, cancellation, the error that it leaves behind, bytes that come out.
#pragma once

#include <jackfield/abi/base.h>
#include <jackfield/sdk/result.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield {

inline constexpr std::int64_t no_deadline = std::numeric_limits<std::int64_t>::max();

/// Now, on the clock of jf_call.deadline_ns. Any thread.
[[nodiscard]] std::int64_t monotonic_ns() noexcept;

/// Asks all calls under it to end; wakes those that wait. One for each attempt of a task, say. Any thread. Cannot be
/// taken back. Outlives the frames that were given it.
class Cancellation {
public:
    void cancel() noexcept;
    [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }
    /// Sleeps until `until_ns` (monotonic) at most; false if it was cancelled.
    [[nodiscard]] bool sleep_until(std::int64_t until_ns) const;

private:
    std::atomic<bool> cancelled_{false};
    mutable std::mutex mutex_; // for waiting only
    mutable std::condition_variable wake_;
};

/// One row that a component refused. The views live as long as the call of RejectHandler.
struct RejectedRecord {
    jf_status kind = JF_E_DATA;
    std::uint64_t write = 0; ///< sinks: the number given to write()
    std::int64_t row = -1;   ///< of the batch that was handed in; -1: see record
    std::string_view place, column, code, message, record;
};

/// Takes refused rows: counts them, writes them to quarantine, or fails the task by returning an error. Called while a
/// call runs, perhaps from another thread than the caller's, never by two at once for one frame. Must not throw.
using RejectHandler = std::function<Status(const RejectedRecord&)>;

/// What a call in progress is, for whoever watches for calls that do not come back. Value.
struct CallInProgress {
    const char* function = nullptr; ///< "next"; nullptr: no call is in progress
    std::int64_t started_ns = 0;    ///< monotonic; set only where the call has a deadline
    std::int64_t deadline_ns = no_deadline;
};

/// A frame, used for one call after the other. One thread at a time, but for in_progress(). On the good path nothing is
/// allocated and no lock is taken.
class CallFrame {
public:
    /// cancellation: outlives the frame; nullptr: calls cannot be cancelled.
    explicit CallFrame(const Cancellation* cancellation = nullptr) noexcept;
    CallFrame(const CallFrame&) = delete;
    CallFrame& operator=(const CallFrame&) = delete;

    /// For the calls to come; monotonic, no_deadline for none. CallFrame::in(1s) is now and a second.
    void set_deadline(std::int64_t deadline_ns) noexcept { call_.deadline_ns = deadline_ns; }
    [[nodiscard]] std::int64_t deadline() const noexcept { return call_.deadline_ns; }
    void set_deadline_in(std::int64_t nanoseconds) noexcept { set_deadline(monotonic_ns() + nanoseconds); }
    /// Where refused rows of the calls to come go; empty: they fail the call. Kept until it is set again.
    void set_rejects(RejectHandler handler) { handler_ = std::move(handler); }

    /// Any thread: the call that is running now. The members may belong to two calls that follow each other.
    [[nodiscard]] CallInProgress in_progress() const noexcept;

    // ---- for the wrappers of component.hpp -----------------------------------------------------------------------

    [[nodiscard]] const jf_call* raw() const noexcept { return &call_; }
    [[nodiscard]] const jf_rejects* rejects() const noexcept { return &rejects_; }
    /// Forgets the error of the last call and notes what is called.
    void begin(const char* function) noexcept;
    /// Notes that the call is back.
    void end() noexcept { function_.store(nullptr, std::memory_order_relaxed); }
    /// Calls a function of a plugin and catches what it should not have let out (then JF_E_FAILED, with a sentence).
    template <class Function, class... Arguments>
    jf_status run(const char* name, Function function, Arguments... arguments) noexcept
    {
        begin(name);
        jf_status status;
        try {
            status = function(arguments...);
        } catch (...) {
            status = note_exception();
        }
        end();
        return status;
    }
    /// The error of the call that just returned `status`; `who` names the component and `function` what was asked of it.
    /// A status outside JF_E_… becomes JF_E_FAILED.
    [[nodiscard]] Error error(jf_status status, std::string_view who, std::string_view function);
    /// Records an error from the host's side, as fail() does.
    void note(Error error) noexcept;

private:
    static jf_status on_fail(const jf_call* self, const jf_error* error) noexcept;
    static std::int32_t on_cancelled(const jf_call* self) noexcept;
    static jf_status on_wait(const jf_call* self, std::int64_t timeout_ns) noexcept;
    static jf_status on_reject(const jf_rejects* self, const jf_rejected_row* row) noexcept;
    jf_status note_exception() noexcept;

    jf_call call_;
    jf_rejects rejects_;
    const Cancellation* cancellation_;
    RejectHandler handler_;
    std::atomic<const char*> function_{nullptr};
    std::atomic<std::int64_t> started_ns_{0};
    std::atomic<std::int64_t> watched_deadline_ns_{no_deadline};
    std::mutex mutex_; // guards error_ and calls of handler_: a plugin may report from threads of its own
    std::optional<Error> error_;
    std::atomic<bool> failed_{false}; // error_ holds something
};

/// Bytes that a plugin writes, into a string of the caller with a limit. One thread at a time. Lives on the stack of the
/// call it is lent to.
class ByteWriter {
public:
    /// Clears `target`, keeping its memory.
    ByteWriter(std::string& target, std::size_t limit) noexcept;
    ByteWriter(const ByteWriter&) = delete;
    ByteWriter& operator=(const ByteWriter&) = delete;

    [[nodiscard]] const jf_writer* raw() const noexcept { return &writer_; }
    /// More than the limit was written (and refused), or a NULL with a length.
    [[nodiscard]] bool overflowed() const noexcept { return overflowed_; }
    /// Success, or JF_E_FAILED naming `what` ("the position") and the limit.
    [[nodiscard]] Status check(std::string_view who, std::string_view what) const;

private:
    static jf_status on_write(const jf_writer* self, const void* data, std::size_t length) noexcept;

    jf_writer writer_;
    std::string* target_;
    std::size_t limit_;
    bool overflowed_ = false;
};

/// Whether the status is one of the JF_E_ classes.
[[nodiscard]] bool is_error_class(jf_status status) noexcept;
/// "unavailable", "config", … for messages and reasons; "failed" for anything else.
[[nodiscard]] std::string_view error_class_name(jf_status status) noexcept;

[[nodiscard]] inline std::string_view view_of(jf_str text) noexcept
{
    return text.ptr && text.len ? std::string_view(text.ptr, text.len) : std::string_view();
}
[[nodiscard]] inline std::string_view view_of(jf_bytes bytes) noexcept
{
    return bytes.ptr && bytes.len ? std::string_view(static_cast<const char*>(bytes.ptr), bytes.len) : std::string_view();
}
[[nodiscard]] inline jf_str str_of(std::string_view text) noexcept { return {text.data(), text.size()}; }
[[nodiscard]] inline jf_bytes bytes_of(std::string_view bytes) noexcept { return {bytes.data(), bytes.size()}; }

} // namespace jackfield
