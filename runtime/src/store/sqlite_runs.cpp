// Changes of runs and task runs.
#include "store/sqlite_store.hpp"

#include "store/process.hpp"

#include <random>

namespace jackfield::store {
namespace {

constexpr std::size_t longest_text = 64u << 10;    // of a log message or its fields
constexpr std::size_t longest_result = 256u << 10; // of an action's result

/// Four hex digits while there are few runs, more when they are crowded.
Result<std::string> free_id(Database& database)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device random;
    for (std::size_t attempt = 0; attempt < 200; ++attempt) {
        std::string id(4 + attempt / 8, '0');
        for (char& digit : id)
            digit = digits[random() % digits.size()];
        Query taken(database, "SELECT 1 FROM run WHERE id = ?", id);
        const bool found = taken.next();
        JF_TRY(taken.end());
        if (!found)
            return id;
    }
    return fail(JF_E_EXHAUSTED, "no free run id was found; remove old runs with 'jackfield runs prune'");
}

/// The row of this text; runs of the same flow share it.
Result<std::int64_t> text_row(Database& database, const std::string& text)
{
    const auto hash = static_cast<std::int64_t>(std::hash<std::string>{}(text));
    {
        Query found(database, "SELECT n FROM flow_text WHERE hash = ? AND text = ?", hash, text);
        const bool is_there = found.next();
        JF_TRY(found.end());
        if (is_there)
            return found.integer(0);
    }
    Query made(database, "INSERT INTO flow_text(hash, text) VALUES (?, ?) RETURNING n", hash, text);
    made.next();
    JF_TRY(made.end());
    return made.integer(0);
}

struct TransitionRow {
    std::int64_t run = 0;
    std::string_view task;
    std::string_view slice;
    std::int64_t attempt = 0;
    std::optional<State> from;
    State to = State::scheduled;
    std::string_view name;
    std::string_view reason;
    std::string_view message;
    std::int64_t at = 0;
    std::uint64_t fence = 0;
};

Status add_transition(Database& database, const TransitionRow& row)
{
    return Query(database,
                 "INSERT INTO transition(run, task, slice, attempt, from_state, to_state, name, reason, message, at, fence) "
                 "VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?)",
                 row.run, row.task, row.slice, row.attempt, row.from ? to_text(*row.from) : std::string_view(),
                 to_text(row.to), row.name, row.reason, row.message, row.at, row.fence)
        .run();
}

std::string name_or_default(const std::string& name, State state)
{
    return name.empty() ? std::string(default_name(state)) : name;
}

Status insert_run(Database& database, const Run& run)
{
    JF_ASSIGN(const std::int64_t text, text_row(database, run.flow_text));
    Query made(database,
               "INSERT INTO run(id, flow, flow_digest, flow_text, parameters, environment, state, name, reason, message, "
               "created_at, started_at, ended_at, host, pid, birth, lease, generation, parent_run, parent_task, "
               "continued_from, fence, slice, interval) "
               "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n",
               run.id, run.flow, run.flow_digest, text, run.parameters_json, run.environment, to_text(run.state),
               run.state_name, run.reason, run.message, run.created_at, run.started_at, run.ended_at, run.process.host,
               run.process.pid, run.process.birth, run.lease, run.generation, run.parent_run, run.parent_task,
               run.continued_from, run.fence, run.slice, run.interval_json);
    made.next();
    JF_TRY(made.end());
    if (!run.lease.empty()) // else whoever reaps would take the lease for another run's
        JF_TRY(Query(database, "UPDATE lease SET run = ? WHERE key = ?", run.id, run.lease).run());
    return add_transition(database, {made.integer(0), {}, {}, 0, {}, run.state, run.state_name, run.reason, run.message,
                                     run.created_at, run.fence});
}

Status apply(Database& database, const RunChange& change)
{
    JF_ASSIGN(const RunRow row, run_row(database, change.run, change.fence));
    const std::string name = name_or_default(change.name, change.state);
    JF_TRY(check_step(row.state, row.name, change.state, name, "run " + change.run));
    const std::int64_t at = change.at == 0 ? clock_now() : change.at;
    const std::int64_t started = row.started_at == 0 && change.state == State::running ? at : row.started_at;
    const std::int64_t ended = is_terminal(change.state) ? at : 0;
    JF_TRY(Query(database,
                 "UPDATE run SET state = ?, name = ?, reason = ?, message = ?, started_at = ?, ended_at = ? WHERE n = ?",
                 to_text(change.state), name, change.reason, change.message, started, ended, row.n)
               .run());
    if (is_terminal(change.state))
        JF_TRY(free_slots(database, change.run));
    if (change.state == State::completed) // in the same commit: an interval is done if and only if its run has completed
        JF_TRY(Query(database,
                     "INSERT OR REPLACE INTO interval SELECT flow, slice, interval, id, ? FROM run "
                     "WHERE n = ? AND slice <> '' AND parent_run = ''",
                     at, row.n)
                   .run());
    return add_transition(database, {row.n, {}, {}, 0, row.state, change.state, name, change.reason, change.message, at,
                                     change.fence});
}

struct TaskRow {
    std::int64_t n = 0; // 0: there is none yet
    std::optional<State> state;
    std::string name;
    std::int64_t attempt = 0;
    std::int64_t started_at = 0;
};

Result<TaskRow> task_row(Database& database, std::int64_t run, const std::string& task, const std::string& slice)
{
    Query query(database, "SELECT n, state, name, attempt, started_at FROM task_run WHERE run = ? AND task = ? AND slice = ?",
                run, task, slice);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return TaskRow{};
    return TaskRow{query.integer(0), state_from_text(query.bytes(1)), query.bytes(2), query.integer(3), query.integer(4)};
}

Status check_task_change(const RunRow& run, const TaskRow& row, const TaskChange& change, const std::string& name)
{
    const std::string what = "task " + change.task + (change.slice.empty() ? "" : "[" + change.slice + "]") + " of run " +
                             change.run;
    if (change.attempt < row.attempt)
        return fail(JF_E_FENCED, what + " is at attempt " + std::to_string(row.attempt) + "; what attempt " +
                                     std::to_string(change.attempt) + " brings is dropped");
    if (change.result_json && change.result_json->size() > longest_result)
        return fail(JF_E_DATA, what + " has a result of more than 256 KiB; return less, or store it and return its name");
    if (change.state == State::running && run.state != State::running)
        return fail(JF_E_STATE, what + " cannot become running while the run is " + std::string(to_text(run.state)));
    return check_step(row.state, row.name, change.state, name, what);
}

Status store_counts(Database& database, std::int64_t n, const Counts& counts)
{
    return Query(database,
                 "UPDATE task_run SET rows_in = ?, rows_out = ?, rows_rejected = ?, bytes_in = ?, bytes_out = ? WHERE n = ?",
                 counts.rows_in, counts.rows_out, counts.rows_rejected, counts.bytes_in, counts.bytes_out, n)
        .run();
}

/// The row as it is after the change. A new attempt starts with no counts and no result.
Result<std::int64_t> store_task(Database& database, std::int64_t run, const TaskRow& row, const TaskChange& change,
                                const std::string& name, std::int64_t at)
{
    const bool fresh = row.n == 0 || change.attempt != row.attempt;
    const bool begins = change.state == State::running && (fresh || row.started_at == 0);
    const std::int64_t started = begins ? at : fresh ? 0 : row.started_at;
    const std::int64_t ended = is_terminal(change.state) ? at : 0;
    Query query(database,
                "INSERT INTO task_run(run, task, slice, attempt, state, name, reason, message, started_at, ended_at, "
                "next_attempt_at, rows_in, rows_out, rows_rejected, bytes_in, bytes_out, result) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0, 0, 0, 0, 0, ?12) "
                "ON CONFLICT(run, task, slice) DO UPDATE SET attempt = ?4, state = ?5, name = ?6, reason = ?7, message = ?8, "
                "started_at = ?9, ended_at = ?10, next_attempt_at = ?11, result = iif(?13, ?12, result), "
                "rows_in = iif(?14, 0, rows_in), rows_out = iif(?14, 0, rows_out), "
                "rows_rejected = iif(?14, 0, rows_rejected), bytes_in = iif(?14, 0, bytes_in), "
                "bytes_out = iif(?14, 0, bytes_out) RETURNING n",
                run, change.task, change.slice, change.attempt, to_text(change.state), name, change.reason, change.message,
                started, ended, change.next_attempt_at, change.result_json.value_or(""),
                fresh || change.result_json.has_value(), fresh);
    query.next();
    JF_TRY(query.end());
    return query.integer(0);
}

Status apply(Database& database, const TaskChange& change)
{
    JF_ASSIGN(const RunRow run, run_row(database, change.run, change.fence));
    JF_ASSIGN(const TaskRow row, task_row(database, run.n, change.task, change.slice));
    const std::string name = name_or_default(change.name, change.state);
    JF_TRY(check_task_change(run, row, change, name));
    const std::int64_t at = change.at == 0 ? clock_now() : change.at;
    JF_ASSIGN(const std::int64_t n, store_task(database, run.n, row, change, name, at));
    if (change.counts)
        JF_TRY(store_counts(database, n, *change.counts));
    if (is_terminal(change.state) || (change.state == State::scheduled && name != awaiting_slot))
        JF_TRY(free_slots(database, change.run, change.task, change.slice));
    return add_transition(database, {run.n, change.task, change.slice, change.attempt, row.state, change.state, name,
                                     change.reason, change.message, at, change.fence});
}

Status apply(Database& database, const TaskProgress& progress)
{
    JF_ASSIGN(const RunRow run, run_row(database, progress.run, progress.fence));
    JF_ASSIGN(const TaskRow row, task_row(database, run.n, progress.task, progress.slice));
    if (row.n == 0)
        return fail(JF_E_NOT_FOUND, "run " + progress.run + " has no task '" + progress.task + "' yet");
    return store_counts(database, row.n, progress.counts);
}

/// At most 64 KiB, cut between characters, with a marker that says how much is gone.
std::string shortened(const std::string& text)
{
    if (text.size() <= longest_text)
        return text;
    std::size_t end = longest_text - 64; // room for the marker
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
        --end;
    return text.substr(0, end) + "… [" + std::to_string(text.size() - end) + " bytes cut]";
}

Status apply(Database& database, const LogLine& line)
{
    // A zombie's last words are worth keeping, so a log line needs no fence.
    Query run(database, "SELECT n FROM run WHERE id = ?", line.run);
    const bool found = run.next();
    JF_TRY(run.end());
    if (!found)
        return fail(JF_E_NOT_FOUND, "there is no run " + line.run);
    const std::string fields = line.fields_json.size() <= longest_text
                                   ? line.fields_json
                                   : "{\"cut_bytes\":" + std::to_string(line.fields_json.size()) + "}";
    return Query(database,
                 "INSERT INTO log(run, task, slice, attempt, at, level, message, fields) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                 run.integer(0), line.task, line.slice, line.attempt, line.at == 0 ? clock_now() : line.at, line.level,
                 shortened(line.message), fields)
        .run();
}

std::size_t weight(const Change& change)
{
    const auto* line = std::get_if<LogLine>(&change);
    return sizeof(Change) + (line == nullptr ? 0 : line->message.size() + line->fields_json.size());
}

// ---- reaping -------------------------------------------------------------------------------------------------------

/// One step of what a dead process left behind: crashed, or cancelled where that was under way. From scheduled and
/// paused too.
State end_of(State state) { return state == State::cancelling ? State::cancelled : State::crashed; }

Status crash_tasks(Database& database, const Run& run, std::uint64_t fence, const std::string& sentence)
{
    std::vector<TaskChange> changes;
    {
        Query open(database,
                   "SELECT task, slice, attempt, state FROM task_run WHERE run = (SELECT n FROM run WHERE id = ?) "
                   "AND ended_at = 0",
                   run.id);
        while (open.next()) {
            const State state = state_from_text(open.bytes(3)).value_or(State::running);
            changes.push_back({run.id, fence, open.bytes(0), open.bytes(1), open.integer(2), end_of(state), {},
                               std::string(reason::lease_lost), sentence, 0, 0, {}, {}});
        }
        JF_TRY(open.end());
    }
    for (const TaskChange& change : changes)
        JF_TRY(apply(database, change));
    return {};
}

Result<Run> crash(Database& database, Run run, bool dead)
{
    const std::string who = "process " + std::to_string(run.process.pid) + " on " + run.process.host;
    const std::string sentence = dead ? who + " ended without finishing it" : who + " stopped renewing its lease";
    JF_ASSIGN(run.fence, next_fence(database));
    JF_TRY(Query(database, "UPDATE run SET fence = ? WHERE id = ?", run.fence, run.id).run());
    JF_TRY(crash_tasks(database, run, run.fence, sentence));
    RunChange change{run.id, run.fence, end_of(run.state), {}, std::string(reason::lease_lost), sentence, clock_now()};
    JF_TRY(apply(database, change));
    run.state = change.state;
    run.state_name = default_name(change.state);
    run.reason = change.reason;
    run.message = sentence;
    run.ended_at = change.at;
    return run;
}

Result<std::vector<Run>> begun_runs(Database& database)
{
    std::vector<Run> runs;
    Query query(database, "SELECT " JF_RUN_COLUMNS " FROM run WHERE ended_at = 0 AND (state IN ('pending', 'running', "
                          "'cancelling') OR state = 'paused' AND name = 'Paused') ORDER BY n");
    while (query.next())
        runs.push_back(read_run(query));
    JF_TRY(query.end());
    return runs;
}

} // namespace

Result<RunRow> run_row(Database& database, std::string_view id, std::uint64_t fence)
{
    Query query(database, "SELECT n, state, name, started_at, fence FROM run WHERE id = ?", id);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return fail(JF_E_NOT_FOUND, "there is no run " + std::string(id));
    if (query.natural(4) != fence)
        return fail(JF_E_FENCED, "run " + std::string(id) + " was taken over by another process; this one stops");
    return RunRow{query.integer(0), state_from_text(query.bytes(1)).value_or(State::scheduled), query.bytes(2),
                  query.integer(3)};
}

Result<Run> SqliteStore::create_run(Run run, Commit commit)
{
    run.state_name = name_or_default(run.state_name, run.state);
    JF_TRY(check_step({}, {}, run.state, run.state_name, "a run of " + run.flow));
    if (run.created_at == 0)
        run.created_at = clock_now();
    run.started_at = run.state == State::running ? run.created_at : 0;
    run.ended_at = is_terminal(run.state) ? run.created_at : 0;
    return write<Run>(commit == Commit::queued ? Commit::committed : commit, [&](Database& database) -> Result<Run> {
        JF_ASSIGN(run.id, free_id(database));
        JF_ASSIGN(run.fence, next_fence(database));
        JF_TRY(insert_run(database, run));
        return run;
    });
}

Status SqliteStore::change(std::vector<Change> changes, Commit commit)
{
    std::size_t bytes = 0;
    for (const Change& change : changes)
        bytes += weight(change);
    return writer_.run(
        commit,
        [changes = std::move(changes)](Database& database) -> Status {
            for (const Change& change : changes)
                JF_TRY(std::visit([&](const auto& one) { return apply(database, one); }, change));
            return {};
        },
        bytes);
}

Result<std::uint64_t> SqliteStore::fence_run(std::string_view run, const Process& holder)
{
    return write<std::uint64_t>(Commit::synced, [&](Database& database) -> Result<std::uint64_t> {
        JF_ASSIGN(const std::uint64_t fence, next_fence(database));
        JF_TRY(Query(database, "UPDATE run SET fence = ?, host = ?, pid = ?, birth = ? WHERE id = ?", fence, holder.host,
                     holder.pid, holder.birth, run)
                   .run());
        if (database.changes() == 0)
            return fail(JF_E_NOT_FOUND, "there is no run " + std::string(run));
        return fence;
    });
}

Result<std::vector<Run>> SqliteStore::reap()
{
    return write<std::vector<Run>>(Commit::committed, [](Database& database) -> Result<std::vector<Run>> {
        JF_ASSIGN(std::vector<Run> begun, begun_runs(database));
        std::vector<Run> reaped;
        for (Run& run : begun) {
            const bool dead = alive(run.process) == Alive::no;
            JF_ASSIGN(const bool lost, lease_lost(database, run));
            if (!dead && !lost)
                continue;
            JF_ASSIGN(Run ended, crash(database, std::move(run), dead));
            reaped.push_back(std::move(ended));
        }
        return reaped;
    });
}

} // namespace jackfield::store
