// Runs as text and JSON.
#include "run_record.hpp"

#include "table.hpp"

#include "exec/human.hpp"
#include "observe/log.hpp"
#include "observe/text.hpp"

#include <jackfield/runtime/interval.hpp>

#include <boost/json/parse.hpp>

namespace jackfield::cli {

namespace {

std::string clock_time(std::int64_t unix_ns)
{
    const std::string whole = local_time(unix_ns);
    const std::string milli = std::to_string(unix_ns / 1'000'000 % 1000);
    return whole.substr(std::min<std::size_t>(11, whole.size())) + "." + std::string(3 - milli.size(), '0') + milli;
}

std::string duration(std::int64_t from, std::int64_t to) { return from == 0 || to == 0 ? "" : human_duration(to - from); }

std::string name_of(const std::string& task, const std::string& slice)
{
    return observe::one_line(slice.empty() ? task : task + "[" + slice + "]");
}

std::string why(const std::string& reason, const std::string& message)
{
    const std::string said = observe::one_line(message);
    return reason.empty() ? said : said.empty() ? reason : reason + ": " + said;
}

std::string shown_state(store::State state, const std::string& name)
{
    const std::string plain(store::to_text(state));
    return name.empty() || name == store::default_name(state) ? plain : plain + " (" + name + ")";
}

boost::json::value parsed(const std::string& text)
{
    boost::system::error_code wrong;
    boost::json::value value = boost::json::parse(text, wrong);
    return wrong ? boost::json::value(text) : value;
}

void put(boost::json::object& out, std::string_view name, const std::string& text)
{
    if (!text.empty())
        out[name] = text;
}

void put_time(boost::json::object& out, std::string_view name, std::int64_t at)
{
    if (at != 0)
        out[name] = observe::utc_text(at);
}

boost::json::object json_of(const store::TaskRun& task)
{
    boost::json::object out{{"task", task.task}, {"state", store::to_text(task.state)}, {"attempts", task.attempt}};
    put(out, "slice", task.slice);
    put(out, "name", task.state_name);
    put(out, "reason", task.reason);
    put(out, "message", task.message);
    put_time(out, "started_at", task.started_at);
    put_time(out, "ended_at", task.ended_at);
    put_time(out, "next_attempt_at", task.next_attempt_at);
    out["rows"] = task.counts.rows_out;
    out["rejected"] = task.counts.rows_rejected;
    out["bytes"] = task.counts.bytes_in;
    if (!task.result_json.empty())
        out["result"] = parsed(task.result_json);
    return out;
}

boost::json::object json_of(const store::Transition& change)
{
    boost::json::object out{{"to", store::to_text(change.to)}};
    if (change.from)
        out["from"] = store::to_text(*change.from);
    put(out, "task", change.task);
    put(out, "slice", change.slice);
    if (change.attempt > 0)
        out["attempt"] = change.attempt;
    put(out, "name", change.name);
    put(out, "reason", change.reason);
    put(out, "message", change.message);
    put_time(out, "at", change.at);
    return out;
}

} // namespace

Result<RunRecord> read_record(store::Store& state, const std::string& id)
{
    JF_ASSIGN(store::Run run, state.run(id));
    JF_ASSIGN(auto tasks, state.tasks(run.id));
    RunRecord out{std::move(run), std::move(tasks), {}};
    while (true) {
        JF_ASSIGN(const auto more, state.transitions(out.run.id, out.transitions.empty() ? 0 : out.transitions.back().seq, 1000));
        if (more.empty())
            return out;
        out.transitions.insert(out.transitions.end(), more.begin(), more.end());
    }
}

std::string text_of(const RunRecord& record, const Terminal& terminal)
{
    const store::Run& run = record.run;
    const std::size_t width = terminal.moves ? terminal.width() : 0;
    std::string out = observe::one_line(run.flow) + " · run " + run.id + " · " + shown_state(run.state, run.state_name);
    if (const std::string took = duration(run.started_at, run.ended_at); !took.empty())
        out += " in " + took;
    out += "\n  started     " + local_time(run.started_at ? run.started_at : run.created_at) + "\n";
    const auto fact = [&out](const char* name, const std::string& value) {
        if (!value.empty())
            out += "  " + padded_to(name, 12) + observe::one_line(value) + "\n";
    };
    fact("why", why(run.reason, run.message));
    fact("parameters", run.parameters_json == "{}" ? "" : run.parameters_json);
    fact("environment", run.environment);
    if (const auto interval = DataInterval::from_json(run.interval_json))
        fact("interval", interval->from + " … " + interval->to);
    fact("goes on with", run.continued_from.empty() ? "" : " run " + run.continued_from);
    fact("part of", run.parent_run.empty() ? "" : "run " + run.parent_run + ", task " + run.parent_task);
    if (!store::is_terminal(run.state))
        fact("process", run.process.host + ":" + std::to_string(run.process.pid));
    Table tasks;
    tasks.column("TASK").column("STATE").column("TRIES", true).column("TOOK", true).column("ROWS", true).column("REJECTED", true).column("WHY");
    for (const auto& task : record.tasks)
        tasks.row({name_of(task.task, task.slice), shown_state(task.state, task.state_name), std::to_string(task.attempt),
            duration(task.started_at, task.ended_at), task.counts.rows_out ? human_count(task.counts.rows_out) : "",
            task.counts.rows_rejected ? human_count(task.counts.rows_rejected) : "", why(task.reason, task.message)});
    if (!tasks.empty())
        out += "\n" + tasks.print(width);
    Table changes;
    changes.column("AT").column("TASK").column("BECAME").column("WHY");
    for (const auto& change : record.transitions)
        changes.row({clock_time(change.at), change.task.empty() ? "(run)" : name_of(change.task, change.slice),
            shown_state(change.to, change.name), why(change.reason, change.message)});
    return out + "\n" + changes.print(width);
}

std::string text_of(const store::LogLine& line)
{
    std::string out = local_time(line.at) + "  " + padded_to(observe::level_name(line.level), 7) + "  ";
    if (!line.task.empty())
        out += name_of(line.task, line.slice) + ": ";
    out += observe::one_line(line.message);
    return line.fields_json.empty() ? out : out + "  " + observe::one_line(line.fields_json);
}

std::string table_of(const std::vector<store::Run>& runs, const Terminal& terminal)
{
    Table out;
    out.column("RUN").column("FLOW").column("STATE").column("STARTED").column("TOOK", true).column("WHY");
    for (const auto& run : runs)
        out.row({run.id, observe::one_line(run.flow), shown_state(run.state, run.state_name),
            local_time(run.started_at ? run.started_at : run.created_at), duration(run.started_at, run.ended_at), why(run.reason, run.message)});
    return out.print(terminal.moves ? terminal.width() : 0);
}

boost::json::object json_of(const store::Run& run)
{
    boost::json::object out{{"run", run.id}, {"flow", run.flow}, {"state", store::to_text(run.state)}};
    put(out, "name", run.state_name);
    put(out, "reason", run.reason);
    put(out, "message", run.message);
    put_time(out, "created_at", run.created_at);
    put_time(out, "started_at", run.started_at);
    put_time(out, "ended_at", run.ended_at);
    out["parameters"] = parsed(run.parameters_json);
    put(out, "environment", run.environment);
    if (!run.interval_json.empty())
        out["interval"] = parsed(run.interval_json);
    put(out, "continued_from", run.continued_from);
    put(out, "parent_run", run.parent_run);
    put(out, "parent_task", run.parent_task);
    return out;
}

boost::json::object json_of(const RunRecord& record)
{
    boost::json::object out = json_of(record.run);
    boost::json::array tasks, transitions;
    for (const auto& task : record.tasks)
        tasks.push_back(json_of(task));
    for (const auto& change : record.transitions)
        transitions.push_back(json_of(change));
    out["tasks"] = std::move(tasks);
    out["transitions"] = std::move(transitions);
    return out;
}

boost::json::object json_of(const store::LogLine& line)
{
    boost::json::object out{{"at", observe::utc_text(line.at)}, {"level", observe::level_name(line.level)}};
    put(out, "task", line.task);
    put(out, "slice", line.slice);
    if (line.attempt > 0)
        out["attempt"] = line.attempt;
    out["message"] = line.message;
    if (!line.fields_json.empty())
        out["fields"] = parsed(line.fields_json);
    return out;
}

} // namespace jackfield::cli
