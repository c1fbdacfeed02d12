// Reading runs, tasks, transitions and logs.
#include "store/sqlite_store.hpp"

#include <algorithm>

namespace jackfield::store {
namespace {

Result<std::int64_t> run_number(Database& database, std::string_view id)
{
    Query query(database, "SELECT n FROM run WHERE id = ?", id);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found)
        return fail(JF_E_NOT_FOUND, "there is no run " + std::string(id) + "; 'jackfield runs list' shows all");
    return query.integer(0);
}

/// The ids that begin so, three at most; the exact one alone if there is one.
Result<std::vector<std::string>> ids_from(Database& database, std::string_view prefix)
{
    std::vector<std::string> ids;
    Query query(database, "SELECT id FROM run WHERE id >= ?1 AND substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT 3", prefix);
    while (query.next())
        ids.push_back(query.bytes(0));
    JF_TRY(query.end());
    if (!ids.empty() && ids.front() == prefix)
        ids.resize(1);
    return ids;
}

std::string condition(const RunFilter& filter)
{
    std::string text = "run.created_at >= ?1";
    if (!filter.flow.empty())
        text += " AND run.flow = ?2";
    if (!filter.parent_run.empty())
        text += " AND run.parent_run = ?3";
    if (filter.slice)
        text += " AND run.slice = ?6 AND run.parent_run = ''";
    if (!filter.after.empty())
        text += " AND run.n < (SELECT n FROM run WHERE id = ?4)";
    if (!filter.states.empty()) {
        text += " AND run.state IN (";
        for (std::size_t index = 0; index < filter.states.size(); ++index)
            text += (index == 0 ? "'" : ", '") + std::string(to_text(filter.states[index])) + "'";
        text += ")";
    }
    return text;
}

} // namespace

Run read_run(const Query& row)
{
    Run run;
    run.id = row.bytes(0);
    run.flow = row.bytes(1);
    run.flow_digest = row.bytes(2);
    run.parameters_json = row.bytes(3);
    run.environment = row.bytes(4);
    run.state = state_from_text(row.bytes(5)).value_or(State::scheduled);
    run.state_name = row.bytes(6);
    run.reason = row.bytes(7);
    run.message = row.bytes(8);
    run.created_at = row.integer(9);
    run.started_at = row.integer(10);
    run.ended_at = row.integer(11);
    run.process = {row.bytes(12), row.integer(13), row.bytes(14)};
    run.lease = row.bytes(15);
    run.generation = row.bytes(16);
    run.parent_run = row.bytes(17);
    run.parent_task = row.bytes(18);
    run.continued_from = row.bytes(19);
    run.fence = row.natural(20);
    run.slice = row.bytes(21);
    run.interval_json = row.bytes(22);
    return run;
}

Result<Run> SqliteStore::run(std::string_view id)
{
    std::lock_guard lock(read_mutex_);
    JF_ASSIGN(const std::vector<std::string> ids, ids_from(*reader_, id));
    if (ids.empty() || id.empty())
        return fail(JF_E_NOT_FOUND, "there is no run '" + std::string(id) + "'; 'jackfield runs list' shows all");
    if (ids.size() > 1)
        return fail(JF_E_CONFIG, "several runs begin with '" + std::string(id) + "' (" + ids[0] + ", " + ids[1] +
                                     (ids.size() > 2 ? ", …" : "") + "); write more of the id");
    Query query(*reader_,
                "SELECT " JF_RUN_COLUMNS ", flow_text.text FROM run JOIN flow_text ON flow_text.n = run.flow_text "
                "WHERE run.id = ?",
                ids[0]);
    const bool found = query.next();
    JF_TRY(query.end());
    if (!found) // pruned between the two queries
        return fail(JF_E_NOT_FOUND, "there is no run '" + std::string(id) + "'; 'jackfield runs list' shows all");
    Run run = read_run(query);
    run.flow_text = query.bytes(23);
    return run;
}

Result<std::vector<Run>> SqliteStore::runs(const RunFilter& filter)
{
    std::lock_guard lock(read_mutex_);
    std::vector<Run> runs;
    const std::string sql = "SELECT " JF_RUN_COLUMNS " FROM run WHERE " + condition(filter) + " ORDER BY run.n DESC LIMIT ?5";
    Query query(*reader_, sql);
    query.bind(1, filter.since);
    query.bind_if(2, filter.flow);
    query.bind_if(3, filter.parent_run);
    query.bind_if(4, filter.after);
    query.bind(5, static_cast<std::int64_t>(filter.limit));
    if (filter.slice)
        query.bind(6, *filter.slice);
    while (query.next())
        runs.push_back(read_run(query));
    JF_TRY(query.end());
    return runs;
}

Result<std::vector<TaskRun>> SqliteStore::tasks(std::string_view run)
{
    std::lock_guard lock(read_mutex_);
    JF_ASSIGN(const std::int64_t number, run_number(*reader_, run));
    std::vector<TaskRun> tasks;
    Query query(*reader_,
                "SELECT task, slice, attempt, state, name, reason, message, started_at, ended_at, next_attempt_at, rows_in, "
                "rows_out, rows_rejected, bytes_in, bytes_out, result FROM task_run WHERE run = ? ORDER BY n",
                number);
    while (query.next()) {
        TaskRun task;
        task.run = run;
        task.task = query.bytes(0);
        task.slice = query.bytes(1);
        task.attempt = query.integer(2);
        task.state = state_from_text(query.bytes(3)).value_or(State::scheduled);
        task.state_name = query.bytes(4);
        task.reason = query.bytes(5);
        task.message = query.bytes(6);
        task.started_at = query.integer(7);
        task.ended_at = query.integer(8);
        task.next_attempt_at = query.integer(9);
        task.counts = {query.natural(10), query.natural(11), query.natural(12), query.natural(13), query.natural(14)};
        task.result_json = query.bytes(15);
        tasks.push_back(std::move(task));
    }
    JF_TRY(query.end());
    return tasks;
}

Result<std::vector<Transition>> SqliteStore::transitions(std::string_view run, std::int64_t after, std::size_t limit)
{
    std::lock_guard lock(read_mutex_);
    JF_ASSIGN(const std::int64_t number, run_number(*reader_, run));
    std::vector<Transition> transitions;
    Query query(*reader_,
                "SELECT seq, task, slice, attempt, from_state, to_state, name, reason, message, at, fence FROM transition "
                "WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
                number, after, static_cast<std::int64_t>(limit));
    while (query.next()) {
        Transition step;
        step.seq = query.integer(0);
        step.run = run;
        step.task = query.bytes(1);
        step.slice = query.bytes(2);
        step.attempt = query.integer(3);
        step.from = query.is_null(4) ? std::nullopt : state_from_text(query.bytes(4));
        step.to = state_from_text(query.bytes(5)).value_or(State::scheduled);
        step.name = query.bytes(6);
        step.reason = query.bytes(7);
        step.message = query.bytes(8);
        step.at = query.integer(9);
        step.fence = query.natural(10);
        transitions.push_back(std::move(step));
    }
    JF_TRY(query.end());
    return transitions;
}

Result<std::vector<LogLine>> SqliteStore::logs(std::string_view run, const LogFilter& filter)
{
    std::lock_guard lock(read_mutex_);
    JF_ASSIGN(const std::int64_t number, run_number(*reader_, run));
    std::vector<LogLine> lines;
    Query query(*reader_,
                "SELECT seq, task, slice, attempt, at, level, message, fields FROM log WHERE run = ?1 AND seq > ?2 "
                "AND level >= ?3 AND (?4 = '' OR task = ?4) ORDER BY seq LIMIT ?5",
                number, filter.after, filter.level, filter.task, static_cast<std::int64_t>(filter.limit));
    while (query.next()) {
        LogLine line;
        line.seq = query.integer(0);
        line.run = run;
        line.task = query.bytes(1);
        line.slice = query.bytes(2);
        line.attempt = query.integer(3);
        line.at = query.integer(4);
        line.level = static_cast<std::int32_t>(query.integer(5));
        line.message = query.bytes(6);
        line.fields_json = query.bytes(7);
        lines.push_back(std::move(line));
    }
    JF_TRY(query.end());
    return lines;
}

} // namespace jackfield::store
