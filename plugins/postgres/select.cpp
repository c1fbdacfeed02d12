// Select and RowStream.
#include "select.hpp"

#include "value_text.hpp"
#include "wire.hpp"

#include <jackfield/sdk/arrow/stream.hpp>

#include <algorithm>
#include <array>
#include <cctype>

namespace jackfield::postgres {
namespace {

constexpr const char* cursor_name = "jackfield_rows";

/// Behind blanks, comments and opening brackets.
std::string_view skip_to_word(std::string_view sql)
{
    for (;;) {
        if (sql.starts_with("--")) {
            sql.remove_prefix(std::min(sql.find('\n'), sql.size()));
        } else if (sql.starts_with("/*")) {
            std::size_t at = 2;
            for (int depth = 1; depth > 0 && at < sql.size();) { // they nest
                const auto pair = sql.substr(at, 2);
                depth += pair == "/*" ? 1 : pair == "*/" ? -1 : 0;
                at += pair == "/*" || pair == "*/" ? 2 : 1;
            }
            sql.remove_prefix(std::min(at, sql.size()));
        } else if (!sql.empty() && (std::isspace(static_cast<unsigned char>(sql[0])) || sql[0] == '(')) {
            sql.remove_prefix(1);
        } else {
            return sql;
        }
    }
}

std::string first_word(std::string_view sql)
{
    std::string out;
    for (const char c : skip_to_word(sql)) {
        if (!std::isalpha(static_cast<unsigned char>(c)))
            break;
        out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return out;
}

bool only_shown(std::string_view sql)
{
    const std::string word = first_word(sql);
    return word == "show" || word == "explain";
}

std::string without_end(std::string_view sql)
{
    while (!sql.empty() && (sql.back() == ';' || std::isspace(static_cast<unsigned char>(sql.back()))))
        sql.remove_suffix(1);
    return std::string(sql);
}

Error broken_copy() { return fail(JF_E_DATA, "the server sent rows that are not in its binary COPY format; the connection is damaged"); }

} // namespace

Result<std::size_t> Select::place_of(std::string_view column) const
{
    std::string names;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (columns[i].name == column)
            return i;
        names += (names.empty() ? "" : ", ") + columns[i].name;
    }
    return fail(JF_E_CONFIG, "there is no column '" + std::string(column) + "'; there are " + names);
}

std::string Select::text(const DecodeRules& rules, const std::string& clauses) const
{
    bool casts = false;
    std::string list;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const Decoded plan = decoded_type(columns[i].type, rules);
        casts = casts || !plan.cast.empty();
        list += (i ? ", " : "") + alias(i) + (plan.cast.empty() ? "" : "::" + plan.cast);
    }
    if (columns.empty() || (!casts && clauses.empty()))
        return sql;
    return "SELECT " + list + " " + from() + clauses;
}

std::string Select::from() const
{
    std::string aliases;
    for (std::size_t i = 0; i < columns.size(); ++i)
        aliases += (i ? ", c" : "c") + std::to_string(i + 1);
    return "FROM (" + sql + "\n) AS jackfield_rows(" + aliases + ")";
}

Status check_reads(std::string_view sql)
{
    static constexpr std::array<std::string_view, 6> words{"select", "with", "values", "table", "show", "explain"};
    if (sql.find('\0') != std::string_view::npos)
        return fail(JF_E_CONFIG, "a statement cannot hold U+0000");
    if (std::find(words.begin(), words.end(), first_word(sql)) == words.end())
        return fail(JF_E_DENIED, "only one statement that reads is taken here: SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN");
    return {};
}

Result<Select> look_at_select(Session& session, const Patience& patience, std::string_view sql, std::size_t parameters)
{
    JF_TRY(check_reads(sql));
    Select out;
    out.sql = without_end(sql);
    out.wrappable = !only_shown(sql);
    auto described = session.describe(patience, out.sql);
    if (!described && described.error().code == "42601" && described.error().message.find("multiple commands") != std::string::npos)
        return fail(JF_E_DENIED, "there are several statements; only one is taken here");
    if (!described)
        return std::move(described).error();
    if (described->columns() == 0 && out.wrappable)
        return fail(JF_E_DENIED, "the statement gives no columns; only one that reads is taken here");
    out.parameters = static_cast<std::size_t>(PQnparams(described->raw()));
    if (out.parameters != parameters)
        return fail(JF_E_CONFIG, "the statement has " + std::to_string(out.parameters) + " parameters ($1 …), and there are " + std::to_string(parameters) + " values");
    JF_ASSIGN(out.columns, columns_of(session, patience, *described));
    return out;
}

Result<std::unique_ptr<RowStream>> RowStream::open(Session& session, const Patience& patience, const std::string& sql, const Params& params,
    bool by_cursor, int portal)
{
    std::unique_ptr<RowStream> out(new RowStream(session, by_cursor || !params.empty(), portal));
    if (!out->by_cursor_) {
        JF_TRY(session.copy_out(patience, "COPY (" + sql + "\n) TO STDOUT (FORMAT binary)"));
        return out;
    }
    JF_TRY(session.execute(patience, "SET LOCAL cursor_tuple_fraction = 1")); // all rows are wanted, not the first ones soon
    JF_ASSIGN(const Answer declared, session.run(patience, std::string("DECLARE ") + cursor_name + " BINARY NO SCROLL CURSOR FOR " + sql, params));
    return out;
}

Result<RowStream::Ready> RowStream::ready(const Patience& patience)
{
    if (has_row_)
        return Ready::row;
    if (ended_)
        return Ready::end;
    return by_cursor_ ? ready_fetched(patience) : ready_copied(patience);
}

Result<RowStream::Ready> RowStream::ready_copied(const Patience& patience)
{
    for (;;) {
        JF_ASSIGN(const bool there, session_.copy_ready(patience));
        if (!there)
            return Ready::late;
        JF_ASSIGN(const auto message, session_.copy_row(patience));
        if (!message) {
            ended_ = true;
            return Ready::end;
        }
        row_ = *message;
        if (!header_read_) {
            constexpr std::string_view signature("PGCOPY\n\377\r\n\0", 11);
            const std::size_t extension = row_.size() < 19 || row_.substr(0, 11) != signature ? SIZE_MAX : from_be<std::uint32_t>(row_.data() + 15);
            if (extension > row_.size())
                return broken_copy();
            row_.remove_prefix(std::min(row_.size(), 19 + extension));
            header_read_ = true;
            if (row_.empty())
                continue; // the header came alone
        }
        if (row_.size() < 2)
            return broken_copy();
        if (from_be<std::int16_t>(row_.data()) == -1)
            continue; // the trailer; the end comes next
        has_row_ = true;
        return Ready::row;
    }
}

Result<RowStream::Ready> RowStream::ready_fetched(const Patience& patience)
{
    if (++at_ < fetched_.rows()) {
        has_row_ = true;
        return Ready::row;
    }
    if (!asked_)
        JF_TRY(session_.ask("FETCH FORWARD " + std::to_string(portal_) + " FROM " + cursor_name, {}, true));
    asked_ = true;
    JF_ASSIGN(auto answer, session_.answer(patience));
    if (!answer)
        return Ready::late;
    asked_ = false;
    fetched_ = std::move(*answer);
    at_ = 0;
    has_row_ = fetched_.rows() > 0;
    ended_ = !has_row_;
    return has_row_ ? Ready::row : Ready::end;
}

Status RowStream::take(RowDecoder& decoder)
{
    has_row_ = false;
    return by_cursor_ ? decoder.add_result(fetched_.raw(), at_, at_ + 1) : decoder.add_row(row_);
}

Cell RowStream::pending(std::size_t column) const
{
    if (by_cursor_) {
        const auto value = fetched_.value(at_, static_cast<int>(column));
        return value ? Cell{value->data(), static_cast<std::int32_t>(value->size())} : Cell{};
    }
    std::string_view rest = row_.substr(2);
    for (std::size_t i = 0; rest.size() >= 4; ++i) {
        const auto size = from_be<std::int32_t>(rest.data());
        rest.remove_prefix(4);
        if (size > 0 && static_cast<std::size_t>(size) > rest.size())
            break;
        if (i == column)
            return {rest.data(), size};
        rest.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    return {};
}

Result<OwnedStream> read_all(Session& session, const Patience& patience, std::string_view sql, const Params& params, const DecodeRules& rules,
    std::uint64_t max_rows)
{
    JF_ASSIGN(const Select select, look_at_select(session, patience, sql, params.size()));
    auto decoder = std::make_shared<RowDecoder>(select.columns, rules); // alive until the batches are out
    const std::string limit = max_rows && select.wrappable ? " LIMIT " + std::to_string(max_rows) : "";
    JF_ASSIGN(const Answer answer, session.run(patience, select.text(rules, limit), params, true));
    const int rows = max_rows ? static_cast<int>(std::min<std::uint64_t>(max_rows, static_cast<std::uint64_t>(answer.rows()))) : answer.rows();
    auto batches = std::make_shared<std::vector<OwnedArray>>();
    for (int row = 0; row < rows; row += 65536) {
        JF_TRY(decoder->add_result(answer.raw(), row, std::min(rows, row + 65536)));
        JF_ASSIGN(batches->emplace_back(), decoder->finish());
    }
    return make_stream(decoder->schema(), [batches, at = std::size_t(0)]() mutable -> Result<OwnedArray> {
        return at < batches->size() ? std::move((*batches)[at++]) : OwnedArray();
    });
}

} // namespace jackfield::postgres
