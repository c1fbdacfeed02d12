// Tests of connections: check, discover, and queries that cannot write.
#include "testkit/kit.hpp"

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/stream.hpp>
#include <jackfield/sdk/arrow/validate.hpp>

#include <boost/json/parse.hpp>

#include <thread>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Rows of a statement as JSON.
Result<std::vector<std::string>> rows_of(Kit& kit, const ConnectionInstance& connection, const std::string& sql, OwnedStream params = {}, std::uint64_t most = 0)
{
    kit.doing("query() ran: " + sql.substr(0, 100));
    CallFrame frame;
    frame.set_deadline_in(9 * second_ns);
    JF_ASSIGN(QueryStream stream, connection.query(frame, sql, std::move(params), most));
    JF_ASSIGN(const OwnedSchema raw, stream.schema());
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    JsonRows text(schema);
    std::vector<std::string> out;
    for (;;) {
        JF_ASSIGN(const OwnedArray batch, stream.next());
        if (!batch)
            return out;
        JF_TRY(validate(schema, *batch, Check::full));
        text.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row)
            out.push_back(text.text(row));
    }
}

Result<const ConnectionInstance*> asked(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, kit.connection());
    if (!connection->can_query())
        return skip("it has no query()");
    const auto any = rows_of(kit, *connection, "select 1");
    if (!any && any.error().kind == JF_E_UNSUPPORTED)
        return skip("it answers no queries");
    return connection;
}

/// A statement of the facts; "select 1" and the like where the plugin speaks SQL.
std::string statement(Kit& kit, std::string_view name, std::string otherwise)
{
    const std::string given = kit.fact_text(name);
    return given.empty() ? std::move(otherwise) : given;
}

Verdict check(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, kit.connection());
    kit.doing("check() ran");
    CallFrame frame;
    frame.set_deadline_in(9 * second_ns);
    JF_ASSIGN(const std::string text, connection->check(frame));
    boost::system::error_code code;
    const json::value value = json::parse(text, code);
    JF_TRY(must(!code && value.is_object(), "check() wrote no JSON object: " + text.substr(0, 80)));
    return text.substr(0, 120);
}

Verdict discover(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, kit.connection());
    kit.doing("discover() ran");
    CallFrame frame;
    frame.set_deadline_in(9 * second_ns);
    const auto all = connection->discover(frame, "");
    if (!all && all.error().kind == JF_E_UNSUPPORTED)
        return skip("it has no discover()");
    if (!all)
        return all.error();
    boost::system::error_code code;
    const json::value value = json::parse(*all, code);
    JF_TRY(must(!code && value.is_array(), "discover() wrote no JSON array"));
    for (const json::value& one : value.get_array())
        JF_TRY(must(one.is_object() && one.get_object().contains("name"), "discover() lists something without a name"));
    JF_ASSIGN(const std::string none, connection->discover(frame, "no such thing 'x\"%;--"));
    JF_TRY(must(json::parse(none, code) == json::array(), "discover() finds things under a name that nothing has"));
    return count(value.get_array().size(), "thing") + " in there";
}

Verdict query(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    JF_ASSIGN(const auto rows, rows_of(kit, *connection, statement(kit, "select", "select 1 as one")));
    const auto bad = rows_of(kit, *connection, "this is no statement");
    JF_TRY(must(!bad, "took 'this is no statement'"));
    JF_TRY(must(!bad.error().message.empty(), "a bad statement is refused without a sentence"));
    return count(rows.size(), "row") + "; a bad statement is refused: " + bad.error().message.substr(0, 80);
}

Verdict read_only(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    const std::vector<std::string> writes{statement(kit, "write", "create table jackfield_check_table (n integer)"), "drop table if exists jackfield_check_table",
        "insert into jackfield_check_table values (1)", "with x as (select 1) delete from jackfield_check_table"};
    for (const std::string& sql : writes) {
        const auto done = rows_of(kit, *connection, sql);
        JF_TRY(must(!done, "a statement that writes was taken: " + sql));
    }
    const auto first = rows_of(kit, *connection, writes[0]);
    JF_TRY(must(!first && (first.error().kind == JF_E_DENIED || first.error().kind == JF_E_CONFIG), "a statement that writes is refused as '" +
                std::string(first ? "?" : error_class_name(first.error().kind)) + "', not as 'denied' or 'config'"));
    return count(writes.size(), "statement") + " that write are refused";
}

Verdict one_statement(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    const std::string good = statement(kit, "select", "select 1 as one");
    for (const std::string& sql : {good + "; " + good, std::string(), std::string(" ; "), good + "; create table jackfield_check_table (n integer)"}) {
        const auto done = rows_of(kit, *connection, sql);
        JF_TRY(must(!done, "took '" + sql + "'; exactly one statement is allowed"));
        JF_TRY(must(done.error().kind == JF_E_DENIED || done.error().kind == JF_E_CONFIG, "'" + sql + "' is refused as '" + std::string(error_class_name(done.error().kind)) + "', not as 'denied' or 'config'"));
    }
    return std::string("two statements, and none, are refused");
}

Verdict parameters(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    const std::string evil = "x'; drop table t; --\" \\ $1 %s";
    Rows made(Schema{{"a", Type::utf8}});
    made.add(std::string_view(evil));
    JF_ASSIGN(OwnedArray batch, made.finish());
    auto left = std::make_shared<OwnedArray>(std::move(batch)); // shared: std::function must be copyable
    OwnedStream params = make_stream(Schema{{"a", Type::utf8}}, [left]() -> Result<OwnedArray> { return std::move(*left); });
    JF_ASSIGN(const auto rows, rows_of(kit, *connection, statement(kit, "parameter", "select ? as a"), std::move(params)));
    JF_TRY(must(rows.size() == 1, "one row was expected, there are " + std::to_string(rows.size())));
    const json::value row = json::parse(rows[0]);
    JF_TRY(must(row.is_object() && row.get_object().begin()->value() == json::value(evil), "a bound text came back as " + rows[0].substr(0, 100)));
    const auto without = rows_of(kit, *connection, statement(kit, "parameter", "select ? as a"));
    JF_TRY(must(!without, "a statement with a parameter ran without a value for it"));
    return std::string("values are bound, not pasted in");
}

Verdict most_rows(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    const std::string many = kit.fact_text("many");
    if (many.empty())
        return skip("needs \"many\" in --facts: a statement with more than 100 rows");
    JF_ASSIGN(const auto all, rows_of(kit, *connection, many));
    JF_ASSIGN(const auto some, rows_of(kit, *connection, many, {}, 10));
    JF_TRY(must(some.size() <= 10, "max_rows 10 brought " + std::to_string(some.size()) + " rows"));
    return "10 of " + count(all.size(), "row");
}

Verdict at_once(Kit& kit)
{
    JF_ASSIGN(const ConnectionInstance* connection, asked(kit));
    const std::string sql = statement(kit, "select", "select 1 as one");
    std::vector<Result<std::vector<std::string>>> answers(4, std::vector<std::string>());
    std::vector<std::thread> working;
    kit.doing("four queries ran at once");
    for (auto& answer : answers)
        working.emplace_back([&] { answer = rows_of(kit, *connection, sql); });
    for (std::thread& one : working)
        one.join();
    for (const auto& answer : answers) {
        if (!answer)
            return answer.error();
        JF_TRY(must(*answer == *answers[0], "queries at once give different rows"));
    }
    return std::string("four queries at once");
}

constexpr Test tests[] = {
    {"connection", "check", "it says who and what it is", check},
    {"connection", "discover", "it lists what is in there", discover},
    {"connection", "query", "one statement is answered", query},
    {"connection", "read-only", "statements that write are refused", read_only},
    {"connection", "one-statement", "several statements are refused", one_statement},
    {"connection", "parameters", "values are bound", parameters},
    {"connection", "most-rows", "max_rows is kept", most_rows},
    {"connection", "at-once", "several queries at once", at_once},
};

} // namespace

std::span<const Test> connection_tests() { return tests; }

} // namespace jackfield::testkit
