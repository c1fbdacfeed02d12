// The frame of a call into a plugin.
#include "load/call_frame.hpp"

#include <chrono>
#include <exception>
#include <new>
#include <time.h>
#include <typeinfo>

namespace jackfield {

namespace {

/// Text for people: control characters would let a plugin forge lines of a log.
std::string one_line(std::string_view text)
{
    std::string out(text);
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            c = ' ';
    return out;
}

template <class T>
T* self_of(void* data)
{
    return static_cast<T*>(data);
}

} // namespace

std::int64_t monotonic_ns() noexcept
{
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void Cancellation::cancel() noexcept
{
    {
        const std::lock_guard lock(mutex_); // so that nobody goes to sleep between looking and waiting
        cancelled_.store(true, std::memory_order_release);
    }
    wake_.notify_all();
}

bool Cancellation::sleep_until(std::int64_t until_ns) const
{
    std::unique_lock lock(mutex_);
    const auto asked = [this] { return cancelled(); };
    if (until_ns == no_deadline) {
        wake_.wait(lock, asked);
        return false;
    }
    // steady_clock is CLOCK_MONOTONIC here; the difference keeps it true where it is not.
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(until_ns - monotonic_ns());
    return !wake_.wait_until(lock, until, asked);
}

CallFrame::CallFrame(const Cancellation* cancellation) noexcept
    : call_{sizeof(jf_call), 0, this, no_deadline, on_fail, on_cancelled, on_wait},
      rejects_{sizeof(jf_rejects), 0, this, on_reject}, cancellation_(cancellation)
{
}

CallInProgress CallFrame::in_progress() const noexcept
{
    const char* function = function_.load(std::memory_order_acquire);
    return {function, started_ns_.load(std::memory_order_relaxed), watched_deadline_ns_.load(std::memory_order_relaxed)};
}

void CallFrame::begin(const char* function) noexcept
{
    if (failed_.load(std::memory_order_relaxed)) {
        const std::lock_guard lock(mutex_);
        error_.reset();
        failed_.store(false, std::memory_order_relaxed);
    }
    watched_deadline_ns_.store(call_.deadline_ns, std::memory_order_relaxed);
    if (call_.deadline_ns != no_deadline)
        started_ns_.store(monotonic_ns(), std::memory_order_relaxed);
    function_.store(function, std::memory_order_release);
}

void CallFrame::note(Error error) noexcept
{
    const std::lock_guard lock(mutex_);
    if (error.message.empty() && error_) { // a host service that failed has said why
        error_->kind = error.kind;
        return;
    }
    error_ = std::move(error);
    failed_.store(true, std::memory_order_relaxed);
}

jf_status CallFrame::on_fail(const jf_call* self, const jf_error* error) noexcept
{
    if (!self || !error)
        return JF_E_FAILED;
    try {
        Error copy;
        if (JF_HAS(jf_error, error, kind))
            copy.kind = error->kind;
        if (JF_HAS(jf_error, error, message))
            copy.message = one_line(view_of(error->message).substr(0, 16 << 10));
        if (JF_HAS(jf_error, error, code))
            copy.code = one_line(view_of(error->code).substr(0, 1 << 10));
        if (JF_HAS(jf_error, error, place))
            copy.where = one_line(view_of(error->place).substr(0, 4 << 10));
        if (JF_HAS(jf_error, error, retry_after_ns))
            copy.retry_after_ns = error->retry_after_ns < 0 ? -1 : error->retry_after_ns;
        const jf_status kind = copy.kind;
        self_of<CallFrame>(self->host_data)->note(std::move(copy));
        return kind;
    } catch (...) {
        return JF_E_EXHAUSTED; // no memory for the sentence
    }
}

std::int32_t CallFrame::on_cancelled(const jf_call* self) noexcept
{
    const auto* frame = self_of<const CallFrame>(self->host_data);
    return frame->cancellation_ && frame->cancellation_->cancelled() ? 1 : 0;
}

jf_status CallFrame::on_wait(const jf_call* self, std::int64_t timeout_ns) noexcept
{
    const auto* frame = self_of<const CallFrame>(self->host_data);
    const std::int64_t now = monotonic_ns();
    const std::int64_t left = frame->call_.deadline_ns == no_deadline ? no_deadline : frame->call_.deadline_ns - now;
    if (timeout_ns < 0)
        timeout_ns = 0;
    const bool cut = left <= timeout_ns && left != no_deadline;
    const std::int64_t length = cut ? left : timeout_ns;
    static const Cancellation never;
    const Cancellation& cancellation = frame->cancellation_ ? *frame->cancellation_ : never;
    try {
        if (cancellation.cancelled())
            return JF_E_CANCELLED;
        if (length > 0 && !cancellation.sleep_until(length > no_deadline - now ? no_deadline : now + length))
            return JF_E_CANCELLED;
    } catch (...) {
        return JF_E_FAILED;
    }
    return cut ? JF_E_CANCELLED : JF_OK;
}

jf_status CallFrame::on_reject(const jf_rejects* self, const jf_rejected_row* row) noexcept
{
    if (!self || !row)
        return JF_E_FAILED;
    auto* frame = self_of<CallFrame>(self->host_data);
    try {
        RejectedRecord record;
        if (JF_HAS(jf_rejected_row, row, kind) && is_error_class(row->kind))
            record.kind = row->kind;
        if (JF_HAS(jf_rejected_row, row, row)) {
            record.write = row->write;
            record.row = row->row;
        }
        if (JF_HAS(jf_rejected_row, row, message)) {
            record.place = view_of(row->place);
            record.column = view_of(row->column);
            record.code = view_of(row->code);
            record.message = view_of(row->message);
        }
        if (JF_HAS(jf_rejected_row, row, record))
            record.record = view_of(row->record);
        std::unique_lock lock(frame->mutex_);
        Status taken = frame->handler_ ? frame->handler_(record)
                                       : Status(fail(record.kind, one_line(record.message), one_line(record.place)));
        lock.unlock();
        if (taken)
            return JF_OK;
        const jf_status kind = taken.error().kind;
        frame->note(std::move(taken).error());
        return kind;
    } catch (...) {
        return JF_E_EXHAUSTED;
    }
}

jf_status CallFrame::note_exception() noexcept
{
    try {
        std::string what = "of a type that tells nothing";
        try {
            throw;
        } catch (const std::exception& exception) {
            what = std::string("'") + exception.what() + "'";
        } catch (...) {
        }
        note(fail(JF_E_FAILED, "an exception left the plugin, " + one_line(what) + "; that is a fault of the plugin, report it to its vendor"));
    } catch (...) {
        failed_.store(true, std::memory_order_relaxed); // no memory for the sentence
    }
    return JF_E_FAILED;
}

Error CallFrame::error(jf_status status, std::string_view who, std::string_view function)
{
    const bool known = is_error_class(status);
    std::optional<Error> said;
    {
        const std::lock_guard lock(mutex_);
        said = std::move(error_);
        error_.reset();
        failed_.store(false, std::memory_order_relaxed);
    }
    Error out = said ? *std::move(said) : Error{};
    out.kind = known ? status : JF_E_FAILED;
    if (out.message.empty()) {
        out.message = std::string(who) + ": " + std::string(function) + "() ";
        if (known)
            out.message += "failed as '" + std::string(error_class_name(status)) + "' and did not say why";
        else
            out.message += "returned " + std::to_string(status) + ", which it must not; report it to the plugin's vendor";
    }
    return out;
}

ByteWriter::ByteWriter(std::string& target, std::size_t limit) noexcept
    : writer_{sizeof(jf_writer), 0, this, on_write}, target_(&target), limit_(limit)
{
    target.clear();
}

jf_status ByteWriter::on_write(const jf_writer* self, const void* data, std::size_t length) noexcept
{
    auto* writer = self_of<ByteWriter>(self->host_data);
    if (length == 0)
        return JF_OK;
    if (!data || length > writer->limit_ - writer->target_->size()) {
        writer->overflowed_ = true;
        return JF_E_EXHAUSTED;
    }
    try {
        writer->target_->append(static_cast<const char*>(data), length);
        return JF_OK;
    } catch (...) {
        writer->overflowed_ = true;
        return JF_E_EXHAUSTED;
    }
}

Status ByteWriter::check(std::string_view who, std::string_view what) const
{
    if (!overflowed_)
        return {};
    return fail(JF_E_FAILED, std::string(who) + ": " + std::string(what) + " is larger than " + std::to_string(limit_) +
                                 " bytes; report it to the plugin's vendor");
}

bool is_error_class(jf_status status) noexcept { return status <= JF_E_FAILED && status >= JF_E_POSITION; }

std::string_view error_class_name(jf_status status) noexcept
{
    static constexpr std::string_view names[] = {"failed", "config", "unsupported", "unauthenticated", "denied", "not_found",
        "data", "unavailable", "timeout", "cancelled", "exhausted", "state", "fenced", "position"};
    return is_error_class(status) ? names[-status - 1] : names[0];
}

} // namespace jackfield
