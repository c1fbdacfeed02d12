// Refused rows become rows of the quarantine.
#include "exec/pipeline/rejects.hpp"

#include <chrono>

namespace jackfield::exec {
namespace {

std::int64_t unix_us()
{
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string sentence(const RejectedRecord& row)
{
    std::string out(row.place);
    if (!row.column.empty())
        out += (out.empty() ? "column " : ", column ") + std::string(row.column);
    if (!out.empty())
        out += ": ";
    return out + std::string(row.message);
}

/// Bytes of the UTF-8 sequence at the start of `text`, 0 if there is none. RFC 3629, without surrogates and overlong forms.
std::size_t sequence_length(std::string_view text)
{
    const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    const unsigned first = byte(0), second = byte(1);
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef)
        return tail(1) && tail(2) && !(first == 0xe0 && second < 0xa0) && !(first == 0xed && second > 0x9f) ? 3 : 0;
    if (first >= 0xf0 && first <= 0xf4)
        return tail(1) && tail(2) && tail(3) && !(first == 0xf0 && second < 0x90) && !(first == 0xf4 && second > 0x8f) ? 4 : 0;
    return 0;
}

/// The text with U+FFFD for what is no UTF-8: a record that cannot be read is often refused for just that.
std::string readable(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0)
            out += "\xef\xbf\xbd";
        else
            out += text.substr(0, length);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    return out;
}

void append(ColumnBuilder& column, std::string_view text)
{
    if (text.empty())
        column.append_null();
    else
        column.append_text(readable(text));
}

} // namespace

std::optional<std::size_t> quarantine_of(const PipelinePlan& plan)
{
    for (std::size_t i = 0; i < plan.side_sinks.size(); ++i)
        if (plan.side_sinks[i].name == "quarantine")
            return i;
    return std::nullopt;
}

Rejects::Rejects(Attempt& attempt, std::string_view stage, std::string place, bool to_quarantine)
    : attempt_(attempt), stage_(stage), place_(std::move(place)),
      quarantine_(to_quarantine && quarantine_of(attempt.plan).has_value()),
      patience_(stage == "sink" ? 1 : attempt.context.first_rejects)
{
}

Status Rejects::add(std::string_view partition, const RejectedRecord& row, std::string_view record)
{
    attempt_.context.control->rows_rejected.fetch_add(1, std::memory_order_relaxed);
    if (!quarantine_) {
        if (first_.size() < patience_)
            first_.push_back(sentence(row));
        return ++refused_ < patience_ ? Status() : fail(JF_E_DATA, "");
    }
    auto place = rows_.find(partition);
    if (place == rows_.end())
        place = rows_.emplace(std::string(partition), BatchBuilder(quarantine_schema())).first;
    BatchBuilder& rows = place->second;
    rows.column(0).append_i64(unix_us());
    append(rows.column(1), attempt_.context.flow);
    append(rows.column(2), attempt_.context.task);
    append(rows.column(3), stage_);
    append(rows.column(4), row.place);
    append(rows.column(5), row.column);
    append(rows.column(6), row.code);
    append(rows.column(7), row.message);
    append(rows.column(8), record);
    rows.end_row();
    ++waiting_;
    return {};
}

Status Rejects::settle() const
{
    if (refused_ == 0)
        return {};
    std::string message;
    for (const std::string& row : first_)
        message += (message.empty() ? "" : "; ") + row;
    if (refused_ > first_.size())
        message += "; and more";
    return fail(JF_E_DATA, message + " (to go on without such rows, give the task a 'quarantine' sink)", place_);
}

Result<std::vector<std::pair<std::string, OwnedArray>>> Rejects::take()
{
    std::vector<std::pair<std::string, OwnedArray>> out;
    waiting_ = 0;
    for (auto& [partition, rows] : rows_) {
        if (rows.rows() == 0)
            continue;
        JF_ASSIGN(OwnedArray batch, rows.finish());
        out.emplace_back(partition, std::move(batch));
    }
    return out;
}

} // namespace jackfield::exec
