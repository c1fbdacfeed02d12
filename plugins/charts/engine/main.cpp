// jackfield-chart-engine: draws charts for the charts plugin, which starts it with a socket as descriptor 3.
//
// JavaScriptCore takes over signals, starts threads and reserves 72 GB of addresses, so it lives here and never in
// the host. The process ends when its socket closes, whether the host closes it or dies.
#include "../assets.hpp"
#include "frame.hpp"
#include "raster.hpp"
#include "script.hpp"

#include <csignal>
#include <cstdlib>
#include <poll.h>
#include <sys/resource.h>
#include <thread>

namespace {

using namespace jackfield::charts;
constexpr int host_socket = 3;

// PDEATHSIG would fire when the host's *thread* that started us ends, so a thread of ours watches the socket: it
// hangs up when the last holder of the other end is gone, even while JavaScript is busy.
void end_with_host()
{
    std::thread([] {
        pollfd watched{host_socket, POLLRDHUP, 0};
        while (::poll(&watched, 1, -1) < 0 || (watched.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) {
        }
        ::_exit(0);
    }).detach();
}

bool send_answer(Answer answer, const std::string& body)
{
    const FrameHeader header{static_cast<std::uint32_t>(answer), 0, body.size()};
    return send_all(host_socket, &header, sizeof header) && send_all(host_socket, body.data(), body.size());
}

std::string load_scripts(Script& script)
{
    // ECharts looks for a timer and a console; nothing here needs either to do anything.
    std::string wrong = script.load("prelude.js", "var setTimeout = function () { return 0; }, clearTimeout = "
                                                  "function () {}, console = {log: clearTimeout, warn: "
                                                  "clearTimeout, error: clearTimeout};");
    if (wrong.empty())
        wrong = script.load("echarts.min.js", assets::echarts());
    if (wrong.empty())
        wrong = script.load("chart.js", assets::chart_script());
    if (wrong.empty())
        wrong = script.load("engine.js", assets::engine_script());
    return wrong;
}

bool answer(Script& script, const FrameHeader& header, const std::string& request)
{
    std::string out;
    bool done = false;
    switch (static_cast<Ask>(header.what)) {
    case Ask::hello: done = true; break;
    case Ask::svg: done = script.call("renderSvg", request, out); break;
    case Ask::option: done = script.call("renderOption", request, out); break;
    case Ask::boxes: done = script.call("measureTexts", request, out); break;
    case Ask::png: {
        std::string svg;
        done = script.call("renderSvg", request, svg);
        if (done)
            done = svg_to_png(svg, header.scale_percent / 100.0, out);
        else
            out = std::move(svg);
        break;
    }
    default: out = "unknown request"; break;
    }
    return send_answer(done ? Answer::done : Answer::failed, out);
}

} // namespace

int main()
{
    ::close_range(host_socket + 1, ~0U, 0); // whatever else the host had open
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    std::signal(SIGPIPE, SIG_IGN);
    // Charts are drawn in bursts: the optimising compilers' threads take the processor from the host and give back
    // nothing within a hundred charts. The baseline compiler alone is as fast and steadier.
    ::setenv("JSC_useDFGJIT", "0", 0);
    ::setenv("JSC_useConcurrentJIT", "0", 0);
    end_with_host();

    TextMeasure measure;
    Script script(measure);
    const std::string wrong = load_scripts(script);
    FrameHeader header;
    std::string request;
    while (receive_all(host_socket, &header, sizeof header)) {
        request.resize(header.length);
        if (!receive_all(host_socket, request.data(), request.size()))
            break;
        if (!wrong.empty() ? !send_answer(Answer::failed, wrong) : !answer(script, header, request))
            break;
    }
    ::_exit(0); // JavaScriptCore's threads need no tidy end
}
