// How the plugin and its chart engine talk: one header and one body each way over a socket, one request at a time.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace jackfield::charts {

/// What a request asks for. The body of a request is JSON: {"spec": …, "data": …}.
enum class Ask : std::uint32_t {
    hello = 0,  ///< answers with an empty body once the engine can draw
    svg = 1,    ///< an SVG document
    png = 2,    ///< a PNG picture
    option = 3, ///< the ECharts option as JSON
    boxes = 4,  ///< JSON: each text of the request's array [["font", "text"], …] measured; for tests
};

/// The body of an answer is the result, or one sentence that says what is wrong.
enum class Answer : std::uint32_t { done = 0, failed = 1 };

/// Goes before each body, in the machine's own byte order: both ends are one machine. Value.
struct FrameHeader {
    std::uint32_t what = 0;          ///< an Ask or an Answer
    std::uint32_t scale_percent = 0; ///< of a PNG: 200 draws two pixels for each unit; 0 in answers
    std::uint64_t length = 0;        ///< bytes of the body
};

/// Writes all of it; false when the other end is gone. Blocks. No SIGPIPE.
inline bool send_all(int socket, const void* data, std::size_t length)
{
    const char* at = static_cast<const char*>(data);
    while (length > 0) {
        const ssize_t sent = ::send(socket, at, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        at += sent;
        length -= static_cast<std::size_t>(sent);
    }
    return true;
}

/// Reads exactly `length` bytes; false when the other end is gone first. Blocks.
inline bool receive_all(int socket, void* data, std::size_t length)
{
    char* at = static_cast<char*>(data);
    while (length > 0) {
        const ssize_t got = ::recv(socket, at, length, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        length -= static_cast<std::size_t>(got);
    }
    return true;
}

} // namespace jackfield::charts
