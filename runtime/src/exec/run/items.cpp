// RunItem: its line in the report.
#include "exec/run/items.hpp"

namespace jackfield::exec {

TaskReport RunItem::report(const std::string& task_name) const
{
    TaskReport out;
    out.task = task_name;
    out.slice = slice;
    out.state = store::to_text(state);
    out.reason = reason;
    out.error = error;
    out.taken_over = taken_over;
    out.attempts = attempts;
    out.duration_ns = started_ns == 0 ? 0 : ended_ns - started_ns;
    out.rows = counts.rows_out;
    out.rejected = counts.rows_rejected;
    out.bytes = counts.bytes_in;
    out.epochs = epochs;
    out.result = result;
    return out;
}

} // namespace jackfield::exec
