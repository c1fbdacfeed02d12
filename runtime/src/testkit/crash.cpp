// Crash matrix. A life is a child process that moves rows and kills itself at one point; the next life goes on from what
// is durable. A campaign is one output and lives that are killed once at each point, until everything is there.
#include "testkit/crash.hpp"

#include "testkit/rows.hpp"
#include "testkit/runner.hpp"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace jackfield::testkit {

namespace {

constexpr int exit_done = 0;   // everything is moved
constexpr int exit_failed = 9; // a call failed; the sentence is in the file "failure"

/// Where a life ends. Points inside a call fire by a timer of `delay_ns`.
struct Point {
    const char* name = "";
    bool inside = false;
    bool at_end = false; ///< only reached when everything is moved
    bool once = false;   ///< reached once in a life, not with each epoch
};

/// The trigger in a life. One thread at a time.
class Trigger {
public:
    Trigger(const Point* point, std::uint64_t occasion, std::int64_t delay_ns) : point_(point), occasion_(occasion), delay_ns_(delay_ns) {}
    /// The life has come to this point.
    void at(std::string_view name)
    {
        if (point_ && !point_->inside && name == point_->name && occasion_-- == 0)
            kill(getpid(), SIGKILL);
    }
    /// A call begins in which the life may be killed.
    void enter(std::string_view name)
    {
        if (!point_ || !point_->inside || name != point_->name || occasion_-- != 0)
            return;
        sigevent event{};
        event.sigev_notify = SIGEV_SIGNAL;
        event.sigev_signo = SIGKILL;
        timer_t timer{};
        const itimerspec when{{0, 0}, {0, std::max<std::int64_t>(1, delay_ns_)}};
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
            timer_settime(timer, 0, &when, nullptr);
    }
    /// It ended before the timer did: then it dies here.
    void leave(std::string_view name)
    {
        if (point_ && point_->inside && name == point_->name && occasion_ == UINT64_MAX)
            kill(getpid(), SIGKILL);
    }

private:
    const Point* point_;
    std::uint64_t occasion_;
    std::int64_t delay_ns_;
};

using Life = std::function<Status(Trigger&)>;

/// Runs one life; whether it was killed at its point. Broken if it ended otherwise.
Result<bool> live(Kit& kit, const Life& life, const Point* point, Random& random)
{
    const std::filesystem::path failure = kit.dir().parent_path() / "failure";
    const std::uint64_t occasion = point && !point->at_end && !point->once ? random.below(3) : 0;
    const std::int64_t delay = static_cast<std::int64_t>(random.below(600'000));
    kit.doing(point ? "a life ran that is killed at '" + std::string(point->name) + "'" : std::string("a life ran to its end"));
    const pid_t pid = fork();
    if (pid < 0)
        return broken("no process");
    if (pid == 0) {
        Trigger trigger(point, occasion, delay);
        const Status done = life(trigger);
        if (!done)
            std::ofstream(failure) << done.error().message;
        _exit(done ? exit_done : exit_failed);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_done)
        return false;
    if (WIFEXITED(status) && WEXITSTATUS(status) == exit_failed) {
        std::ifstream in(failure);
        std::string said;
        std::getline(in, said);
        return broken("going on after a kill failed: " + said);
    }
    return broken("going on after a kill " + ending_of(status));
}

/// One campaign: killed once at each point in a drawn order, those at the end last; then to its end. Counts the kills.
Status campaign(Kit& kit, const Life& life, std::vector<Point> points, Random& random, std::map<std::string, int>& kills)
{
    for (std::size_t i = points.size(); i > 1; --i)
        std::swap(points[i - 1], points[random.below(i)]);
    std::stable_partition(points.begin(), points.end(), [](const Point& point) { return !point.at_end; });
    for (const Point& point : points) {
        JF_ASSIGN(const bool killed, live(kit, life, &point, random));
        if (killed)
            ++kills[point.name];
    }
    JF_ASSIGN(const bool killed, live(kit, life, nullptr, random));
    return must(!killed, "was killed by somebody else");
}

/// All campaigns; `start` makes everything empty, `judge` counts the rows at the end.
Verdict campaigns(Kit& kit, const std::vector<Point>& points, const Life& life, const std::function<Status(int)>& start, const std::function<Status()>& judge, std::string_view against)
{
    const int wanted = kit.options().quick ? 5 : 50;
    const std::int64_t until = monotonic_ns() + kit.options().timeout.count() * 5;
    std::map<std::string, int> kills;
    int done = 0;
    for (; done < wanted && monotonic_ns() < until; ++done) {
        JF_TRY(start(done));
        if (Status status = campaign(kit, life, points, kit.random(), kills); !status)
            return std::move(status).error();
        if (const Status status = judge(); !status) {
            // Which point was it? One at a time now.
            for (const Point& point : points) {
                JF_TRY(start(done));
                std::map<std::string, int> ignored;
                JF_TRY(campaign(kit, life, {point}, kit.random(), ignored));
                if (const Status again = judge(); !again)
                    return broken("killed at '" + std::string(point.name) + "': " + again.error().message);
            }
            return broken("killed once at each point: " + status.error().message);
        }
    }
    int least = kills.empty() ? 0 : INT32_MAX, total = 0;
    for (const Point& point : points) {
        least = std::min(least, kills[point.name]);
        total += kills[point.name];
    }
    if (total == 0)
        return skip("there are too few rows to be killed on the way");
    return "killed at each of " + std::to_string(points.size()) + " points" + std::string(against) + ", " + std::to_string(done) + " times each (" + count(static_cast<std::uint64_t>(total), "kill") +
           (least < done ? "; the rarest point " + std::to_string(least) + " times" : "") + "): nothing lost, nothing doubled";
}

// ---- the kit's own sink: one file of records, each with rows and the position after them --------------------------

/// One line for each epoch: position in hex, rows, end mark. A torn line at the end is no epoch. One thread at a time.
class LogSink {
public:
    explicit LogSink(std::filesystem::path file) : file_(std::move(file)) {}

    /// Rows and last position so far; cuts off what is torn.
    Status recover()
    {
        std::ifstream in(file_, std::ios::binary);
        std::stringstream all;
        all << in.rdbuf();
        const std::string text = all.str();
        const std::size_t whole = text.rfind("\n#\n");
        const std::string sound = whole == std::string::npos ? std::string() : text.substr(0, whole + 3);
        if (sound.size() != text.size() && truncate(file_.c_str(), static_cast<off_t>(sound.size())) != 0)
            return broken("the kit's own sink cannot be repaired");
        std::istringstream lines(sound);
        rows_.clear();
        for (std::string line; std::getline(lines, line);) {
            if (line[0] == '@')
                position_ = from_hex(line.substr(1));
            else if (line[0] == '=')
                rows_.push_back(line.substr(1));
        }
        return {};
    }
    /// One write() call: a kill leaves all of it or a torn end.
    Status commit(const std::vector<std::string>& rows, const std::string& position)
    {
        std::string record = "@" + to_hex(position) + "\n";
        for (const std::string& row : rows)
            record += "=" + row + "\n";
        record += "#\n";
        const int fd = open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        const bool done = fd >= 0 && write(fd, record.data(), record.size()) == static_cast<ssize_t>(record.size());
        if (fd >= 0)
            close(fd);
        return must(done, "the kit's own sink cannot write");
    }
    [[nodiscard]] const std::string& position() const { return position_; }
    [[nodiscard]] const std::vector<std::string>& rows() const { return rows_; }

private:
    static std::string to_hex(const std::string& bytes)
    {
        static const char digits[] = "0123456789abcdef";
        std::string out;
        for (const char c : bytes)
            (out += digits[static_cast<unsigned char>(c) >> 4]) += digits[static_cast<unsigned char>(c) & 15];
        return out;
    }
    static std::string from_hex(const std::string& text)
    {
        const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
        std::string out;
        for (std::size_t i = 0; i + 1 < text.size(); i += 2)
            out += static_cast<char>(digit(text[i]) * 16 + digit(text[i + 1]));
        return out;
    }

    std::filesystem::path file_;
    std::string position_;
    std::vector<std::string> rows_;
};

const std::vector<Point> source_points = {
    {"after create", false, false, true}, {"before open", false, false, true}, {"after open", false, false, true}, {"before schema"}, {"after schema"}, {"before next"}, {"after next"}, {"inside next", true},
    {"before commit"}, {"after commit"}, {"before ack"}, {"after ack"}, {"before close", false, true}, {"after close", false, true},
};

/// What a life of a source needs to know. Value.
struct SourcePlan {
    std::string partition;
    std::uint64_t max_rows = 1;
    std::uint64_t batches = 1; ///< of an epoch
    std::size_t enough = 0;
};

Status source_life(Kit& kit, const SourcePlan& plan, LogSink& log, Trigger& trigger)
{
    JF_TRY(log.recover());
    JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
    trigger.at("after create");
    CallFrame frame;
    frame.set_deadline_in(10'000'000'000);
    trigger.at("before open");
    const std::string from = log.position();
    std::optional<SourceReader> reader;
    {
        JF_ASSIGN(SourceReader opened, source.open(frame, {kit_scope, plan.partition, from, {}}));
        reader.emplace(std::move(opened));
    }
    trigger.at("after open");
    std::size_t total = log.rows().size();
    bool ended = false;
    while (!ended && total < plan.enough) {
        Tape epoch;
        for (std::uint64_t i = 0; i < plan.batches && !ended; ++i) {
            TapeOptions one;
            one.max_rows = std::min<std::uint64_t>(plan.max_rows, plan.enough - total - epoch.rows.size());
            if (one.max_rows == 0)
                break;
            one.enough = 1;
            trigger.at("before schema"); // read_on() asks schema() and then next()
            trigger.enter("inside next");
            trigger.at("before next");
            JF_ASSIGN(Tape read, read_on(kit, *reader, one));
            trigger.leave("inside next");
            trigger.at("after schema");
            trigger.at("after next");
            ended = read.ended || read.marks.empty();
            epoch.rows.insert(epoch.rows.end(), read.rows.begin(), read.rows.end());
            epoch.marks.insert(epoch.marks.end(), read.marks.begin(), read.marks.end());
        }
        if (epoch.marks.empty())
            break;
        trigger.at("before commit");
        JF_TRY(log.commit(epoch.rows, epoch.marks.back().position));
        total += epoch.rows.size();
        trigger.at("after commit");
        trigger.at("before ack");
        frame.set_deadline_in(10'000'000'000);
        JF_TRY(reader->ack(frame, plan.partition, epoch.marks.back().position));
        trigger.at("after ack");
    }
    trigger.at("before close");
    reader.reset();
    trigger.at("after close");
    return {};
}

// ---- the sink under test -------------------------------------------------------------------------------------------

const std::vector<Point> sink_points = {
    {"after open", false, false, true}, {"after acquire", false, false, true}, {"after schema", false, false, true}, {"before write"}, {"inside write", true}, {"after write"}, {"before commit"},
    {"inside commit", true}, {"after commit"}, {"before final commit", false, true}, {"inside final commit", true, true},
    {"after final commit", false, true}, {"before close", false, true}, {"after close", false, true},
};

constexpr std::int64_t sink_rows = 400;

/// "17" or, after the final commit, "400!".
std::string token_text(std::int64_t position, bool final) { return std::to_string(position) + (final ? "!" : ""); }

/// The state of a sink without tokens of its own is kept here, after each commit: at least once.
class SideToken {
public:
    explicit SideToken(std::filesystem::path file) : file_(std::move(file)) {}
    [[nodiscard]] std::string get() const
    {
        std::ifstream in(file_);
        std::string out;
        std::getline(in, out);
        return out;
    }
    void put(const std::string& token) const
    {
        const std::filesystem::path aside = file_.string() + ".new";
        std::ofstream(aside) << token;
        std::error_code none;
        std::filesystem::rename(aside, file_, none);
    }

private:
    std::filesystem::path file_;
};

Status sink_epoch(const Feed& feed, SinkWriter& writer, CallFrame& frame, Trigger& trigger, Random& random, std::uint64_t& number, std::int64_t& position)
{
    for (auto writes = 1 + random.below(3); writes > 0 && position < sink_rows; --writes) {
        const std::int64_t rows = std::min<std::int64_t>(sink_rows - position, random.between(1, 6));
        JF_ASSIGN(OwnedArray batch, feed.batch(position, rows));
        trigger.at("before write");
        trigger.enter("inside write");
        frame.set_deadline_in(10'000'000'000);
        JF_ASSIGN(const WriteOutcome outcome, writer.write(frame, number++, std::move(batch)));
        trigger.leave("inside write");
        trigger.at("after write");
        JF_TRY(must(outcome == WriteOutcome::taken, "write() refused rows of the kit"));
        position += rows;
    }
    return {};
}

Status sink_commit(SinkWriter& writer, CallFrame& frame, Trigger& trigger, std::uint64_t epoch, std::int64_t position, std::uint64_t fence, bool tokens, bool final)
{
    const std::string name = final ? "final commit" : "commit";
    const std::string text = token_text(position, final);
    const CommitToken token{"", "", text, fence};
    CommitRequest request;
    request.epoch = epoch;
    request.final = final;
    if (tokens)
        request.tokens = std::span(&token, 1);
    trigger.at("before " + name);
    trigger.enter("inside " + name);
    frame.set_deadline_in(10'000'000'000);
    JF_ASSIGN(CommitOutcome outcome, writer.commit(frame, request));
    if (outcome == CommitOutcome::unknown) {
        JF_ASSIGN(const Resolution resolution, writer.resolve(frame, request));
        outcome = resolution == Resolution::landed ? CommitOutcome::committed : CommitOutcome::unknown;
    }
    trigger.leave("inside " + name);
    trigger.at("after " + name);
    return must(outcome == CommitOutcome::committed, "commit() did not commit");
}

/// What a life of a sink needs to know. Value.
struct SinkPlan {
    bool tokens = false;
    bool whole = false; ///< one epoch, the final one
};

Status sink_life(Kit& kit, const Feed& feed, const SinkPlan& plan, Trigger& trigger, std::uint64_t seed)
{
    const bool tokens = plan.tokens;
    Random random(seed);
    const SideToken side(kit.dir().parent_path() / "side-token");
    JF_ASSIGN(const SinkInstance sink, kit.make<SinkInstance>());
    CallFrame frame;
    frame.set_deadline_in(10'000'000'000);
    WriteOptions options;
    options.scope = kit_scope;
    options.owner = "kit";
    std::optional<SinkWriter> writer;
    {
        JF_ASSIGN(SinkWriter opened, sink.open(frame, options));
        writer.emplace(std::move(opened));
    }
    trigger.at("after open");
    std::string stored = side.get();
    std::uint64_t fence = 0;
    if (tokens) {
        JF_ASSIGN(const Acquired acquired, writer->acquire(frame, "", ""));
        stored = acquired.token.value_or("");
        fence = acquired.fence;
    }
    trigger.at("after acquire");
    std::int64_t position = stored.empty() ? 0 : std::atoll(stored.c_str());
    std::uint64_t epoch = 1;
    if (stored.empty() || stored.back() != '!') {
        JF_ASSIGN(const OwnedSchema schema, feed.exported());
        JF_TRY(writer->schema(frame, *schema));
        trigger.at("after schema");
        std::uint64_t number = 0; // of the write within its epoch
        while (position < sink_rows) {
            JF_TRY(sink_epoch(feed, *writer, frame, trigger, random, number, position));
            if (plan.whole)
                continue;
            number = 0;
            JF_TRY(sink_commit(*writer, frame, trigger, epoch++, position, fence, tokens, false));
            if (!tokens)
                side.put(token_text(position, false));
        }
        JF_TRY(sink_commit(*writer, frame, trigger, epoch, position, fence, tokens, true));
        if (!tokens)
            side.put(token_text(position, true));
    }
    trigger.at("before close");
    writer.reset();
    trigger.at("after close");
    return {};
}

} // namespace

Verdict crash_source(Kit& kit)
{
    JF_ASSIGN(const Description description, kit.description());
    if (!description.can(JF_CAN_REPLAY))
        return skip("describe() does not say that reading can go on at a position");
    SourcePlan plan;
    Tape whole;
    {
        JF_ASSIGN(const SourceInstance source, kit.make<SourceInstance>());
        JF_ASSIGN(plan.partition, first_partition(kit, source, description));
        TapeOptions options;
        options.partition = plan.partition;
        options.enough = 2000;
        options.max_rows = 100;
        JF_ASSIGN(whole, read_tape(kit, source, options));
    }
    kit.forget_connection(); // each life makes its own
    if (whole.rows.size() < 30)
        return skip("too few rows to be killed on the way (" + std::to_string(whole.rows.size()) + "); give --config for a source with 30 or more");
    plan.enough = whole.rows.size();
    LogSink log(kit.dir().parent_path() / "log");
    const auto start = [&](int number) -> Status {
        static constexpr std::uint64_t sizes[] = {1, 3, 10};
        plan.batches = sizes[number % 3];
        plan.max_rows = std::max<std::uint64_t>(1, plan.enough / (60 * plan.batches));
        std::error_code none;
        std::filesystem::remove(kit.dir().parent_path() / "log", none);
        log = LogSink(kit.dir().parent_path() / "log");
        return {};
    };
    const auto judge = [&]() -> Status {
        JF_TRY(log.recover());
        const auto& rows = log.rows();
        for (std::size_t i = 0; i < std::min(rows.size(), whole.rows.size()); ++i)
            JF_TRY(must(rows[i] == whole.rows[i], "row " + std::to_string(i + 1) + " is " + rows[i].substr(0, 80) + " where an undisturbed reader gives " + whole.rows[i].substr(0, 80)));
        return must(rows.size() == whole.rows.size(), count(rows.size(), "row") + " arrived where an undisturbed reader gives " + std::to_string(whole.rows.size()));
    };
    const Life life = [&](Trigger& trigger) { return source_life(kit, plan, log, trigger); };
    return campaigns(kit, source_points, life, start, judge, " against sinks with epochs of 1, 3 and 10 batches");
}

Verdict crash_sink(Kit& kit)
{
    JF_ASSIGN(const Description description, kit.description());
    JF_ASSIGN(const Feed feed, Feed::make(kit));
    if (!can_read_back(kit))
        return skip("nothing reads back what it wrote: give --fixture PROGRAM, or \"read\", \"query\" or \"ndjson\" in --facts");
    const SinkPlan plan{description.can(JF_CAN_STORE_TOKEN), description.can(JF_WHOLE_INPUT)};
    std::vector<Point> points = sink_points;
    if (plan.whole)
        std::erase_if(points, [](const Point& point) { return std::string_view(point.name).ends_with(" commit") && !point.at_end; });
    JF_TRY(kit.plugin()); // once, so that lives need not load it again
    const std::filesystem::path base = kit.dir();
    const auto start = [&](int number) -> Status {
        std::error_code none;
        std::filesystem::remove(base.parent_path() / "side-token", none);
        if (number > 0)
            std::filesystem::remove_all(kit.dir(), none);
        JF_TRY(kit.move_to(base.parent_path() / ("campaign-" + std::to_string(number) + "-" + std::to_string(kit.random().below(1'000'000)))));
        if (!kit.options().fixture.empty()) {
            JF_ASSIGN(const std::string said, run_fixture(kit, "clear"));
        }
        return {};
    };
    const auto judge = [&]() -> Status {
        JF_ASSIGN(const auto found, read_back(kit, feed));
        kit.forget_connection();
        return all_once(found, sink_rows, !plan.tokens && !description.can(JF_IDEMPOTENT));
    };
    const Life life = [&](Trigger& trigger) { return sink_life(kit, feed, plan, trigger, kit.random().next()); };
    return campaigns(kit, points, life, start, judge, "");
}

} // namespace jackfield::testkit
