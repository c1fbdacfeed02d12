// Call: the frame of one call from the host. Rejects: where rows go that cannot be taken. Scope, Limits.
#pragma once

#include <jackfield/abi/base.h>
#include <jackfield/sdk/result.hpp>
#include <jackfield/sdk/text.hpp>

#include <cstdint>
#include <string_view>

namespace jackfield::sdk {

/// Deadline and cancellation of the call in progress. Do not keep it. Any thread while the call runs.
class Call {
public:
    explicit Call(const jf_call* call) : call_(call) {}

    /// On the host's monotonic clock, in nanoseconds; INT64_MAX: none.
    [[nodiscard]] std::int64_t deadline_ns() const { return call_ ? call_->deadline_ns : INT64_MAX; }
    [[nodiscard]] bool cancelled() const { return call_ && call_->cancelled(call_) != 0; }
    /// Sleeps; false as soon as the call is cancelled or its deadline is reached.
    [[nodiscard]] bool wait(std::int64_t nanoseconds) const { return call_ && call_->wait(call_, nanoseconds) == JF_OK; }
    [[nodiscard]] const jf_call* raw() const { return call_; }

private:
    const jf_call* call_;
};

/// What a piece of progress belongs to; see jf_scope. The views live as long as the call.
struct Scope {
    std::string_view flow, task, slice, generation, digest;

    static Scope from(const jf_scope* scope)
    {
        if (!scope)
            return {};
        return {view(scope->flow), view(scope->task), view(scope->slice), view(scope->generation), view(scope->digest)};
    }
};

/// Upper bounds for one batch; rows 0: deliver nothing, only stay alive.
struct Limits {
    std::uint64_t max_rows = 0;
    std::uint64_t max_bytes = 0;
};

/// One row that was refused. Members left empty are not reported.
struct RejectedRow {
    std::string_view message;        ///< one sentence
    std::string_view place = {};     ///< "orders.csv:17"
    std::string_view column = {};
    std::string_view code = {};      ///< rule name or vendor's code
    std::string_view record = {};    ///< the raw record
    std::uint64_t write = 0;         ///< sinks: number of the write
    std::int64_t row = -1;           ///< row of the batch handed in; -1: see record
    jf_status kind = JF_E_DATA;
};

/// Where refused rows go. Do not keep it. The thread of the call.
class Rejects {
public:
    explicit Rejects(const jf_rejects* rejects) : rejects_(rejects) {}

    /// Success: go on without the row. An error: the task is to stop; pass the error on.
    [[nodiscard]] Status add(const RejectedRow& row) const
    {
        if (!rejects_)
            return fail(JF_E_DATA, std::string(row.message), std::string(row.place));
        const jf_rejected_row out{sizeof out, row.kind, row.write, row.row, as_str(row.place), as_str(row.column),
            as_str(row.code), as_str(row.message), as_bytes(row.record)};
        const jf_status status = rejects_->reject(rejects_, &out);
        if (status == JF_OK)
            return {};
        return fail(status, std::string(row.message), std::string(row.place));
    }

private:
    const jf_rejects* rejects_;
};

namespace detail {

/// Hands bytes to the host; the error says that the host's limit was passed.
[[nodiscard]] inline Status put(const jf_writer* writer, std::string_view bytes)
{
    if (!writer || writer->write(writer, bytes.data(), bytes.size()) != JF_OK)
        return fail(JF_E_EXHAUSTED, "the host takes no value of " + std::to_string(bytes.size()) + " bytes here");
    return {};
}

/// Tells the host why the call fails; returns the status to return.
inline jf_status report(const jf_call* call, const Error& error) noexcept
{
    if (!call)
        return error.kind;
    const jf_error out{sizeof out, error.kind, as_str(error.message), as_str(error.code), as_str(error.where), error.retry_after_ns};
    return call->fail(call, &out);
}

/// Runs the author's code; the only place where exceptions end. `body` returns jf_status or Result<jf_status>.
template <class Body>
jf_status guard(const jf_call* call, Body&& body) noexcept
{
    try {
        Result<jf_status> result = body();
        return result ? *result : report(call, result.error());
    } catch (const std::bad_alloc&) {
        return report(call, fail(JF_E_EXHAUSTED, "out of memory"));
    } catch (const std::exception& error) {
        return report(call, fail(JF_E_FAILED, std::string("unexpected exception: ") + error.what()));
    } catch (...) {
        return report(call, fail(JF_E_FAILED, "unexpected exception of unknown type"));
    }
}

} // namespace detail
} // namespace jackfield::sdk
