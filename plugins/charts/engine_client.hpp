// The plugin's end of the chart engine: starts the helper program at first use, keeps it, and kills it.
#pragma once

#include "engine/frame.hpp"

#include <jackfield/sdk/result.hpp>

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <sys/types.h>

namespace jackfield::charts {

/// Where the helper program is: $JACKFIELD_LIBEXEC, or libexec/jackfield beside the lib/jackfield/plugins that this
/// code was loaded from. Returns the path that was looked at even if nothing is there.
std::string find_engine();

/// One helper process, shared by the callers of one plugin instance; they take turns. Any thread. Starts nothing
/// before the first ask(). The process ends with the client, and by itself when this process dies.
class EngineClient {
public:
    using Clock = std::chrono::steady_clock;

    explicit EngineClient(std::string program) : program_(std::move(program)) {}
    ~EngineClient();
    EngineClient(const EngineClient&) = delete;
    EngineClient& operator=(const EngineClient&) = delete;

    /// Sends one request and returns the answer's body. `cancelled` (may be empty) is asked every 50 ms.
    /// JF_E_TIMEOUT or JF_E_CANCELLED: the helper was killed, the next call starts another. JF_E_UNAVAILABLE: it is
    /// missing, cannot start or crashed. JF_E_CONFIG: it says what is wrong with the chart.
    Result<std::string> ask(Ask what, double scale, std::string_view request, Clock::time_point deadline,
                            const std::function<bool()>& cancelled);

    /// The helper's process id, 0 while none runs. For tests.
    pid_t process();

private:
    struct Limits {
        Clock::time_point deadline;
        const std::function<bool()>& cancelled;
    };
    Status start();
    void stop();
    Error died(std::string_view while_doing);
    Status transfer(bool out, void* data, std::size_t length, const Limits& limits);

    std::string program_;
    std::timed_mutex turn_; // guards what follows
    pid_t process_ = 0;
    int socket_ = -1;
};

} // namespace jackfield::charts
