// Tests of flows: the flow with its ends replaced by rows in memory.
#include "flow_test.hpp"

#include "rows.hpp"

#include "exec/run/source_stream.hpp"
#include "flow/words.hpp"

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/spelling.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>

namespace jackfield::cli {

namespace {

namespace json = boost::json;

/// A folder of its own, gone with it.
class Scratch {
public:
    Scratch()
    {
        std::string name = (std::filesystem::temp_directory_path() / "jackfield-test-XXXXXX").string();
        if (::mkdtemp(name.data()))
            folder_ = name;
    }
    ~Scratch()
    {
        std::error_code wrong;
        if (!folder_.empty())
            std::filesystem::remove_all(folder_, wrong);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::string& folder() const { return folder_; }

private:
    std::string folder_;
};

Result<json::object> read_object(const std::filesystem::path& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return fail(JF_E_NOT_FOUND, "cannot be read", file.string());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    boost::system::error_code wrong;
    json::value value = json::parse(text, wrong);
    if (wrong || !value.is_object())
        return fail(JF_E_CONFIG, wrong ? "is no JSON: " + wrong.message() : "is no JSON object", file.string());
    return std::move(value.get_object());
}

json::value put_folder_in(json::value value, const std::string& folder)
{
    if (auto* text = value.if_string()) {
        std::string out(*text);
        for (std::size_t at = out.find("${dir}"); at != std::string::npos; at = out.find("${dir}", at + folder.size()))
            out.replace(at, 6, folder);
        return json::value(out);
    }
    if (auto* object = value.if_object())
        for (auto& [name, member] : *object)
            member = put_folder_in(std::move(member), folder);
    if (auto* list = value.if_array())
        for (auto& member : *list)
            member = put_folder_in(std::move(member), folder);
    return value;
}

// ---- rows in ------------------------------------------------------------------------------------------------------

Result<DataType> type_of(const std::string& column, const json::array& rows)
{
    Type type = Type::null;
    for (const auto& row : rows) {
        const auto* value = row.is_object() ? row.get_object().if_contains(column) : nullptr;
        if (!value || value->is_null())
            continue;
        const Type one = value->is_bool() ? Type::boolean : value->is_int64() ? Type::int64 : value->is_double() ? Type::float64
            : value->is_string() ? Type::utf8 : Type::list;
        if (one == Type::list)
            return fail(JF_E_CONFIG, "lists and objects cannot be given as rows; give a file instead: {\"use\": …}", column);
        if (type == Type::null || (type == Type::int64 && one == Type::float64))
            type = one;
        else if (type != one && !(type == Type::float64 && one == Type::int64))
            return fail(JF_E_CONFIG, "holds values of several types; name one in \"types\"", column);
    }
    return DataType(type == Type::null ? Type::utf8 : type);
}

std::int64_t days_of(int year, int month, int day) // since 1970-01-01, Gregorian
{
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto year_of_era = static_cast<std::int64_t>(year) - era * 400;
    const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/// A value given as text, in the column's type.
bool append_spelled(ColumnBuilder& out, const DataType& type, const std::string& text)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0;
    double second = 0;
    switch (type.type) {
    case Type::date32:
        return std::sscanf(text.c_str(), "%d-%d-%d", &year, &month, &day) == 3 && out.append_i64(days_of(year, month, day));
    case Type::timestamp: {
        const int parts = std::sscanf(text.c_str(), "%d-%d-%d%*1[T ]%d:%d:%lf", &year, &month, &day, &hour, &minute, &second);
        if (parts < 3)
            return false;
        const double per_second = type.unit == Unit::second ? 1 : type.unit == Unit::milli ? 1e3 : type.unit == Unit::micro ? 1e6 : 1e9;
        const std::int64_t whole = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60;
        return out.append_i64(whole * static_cast<std::int64_t>(per_second) + std::llround(second * per_second));
    }
    case Type::decimal128: {
        const std::size_t point = text.find('.');
        std::string digits = text.substr(0, point) + (point == std::string::npos ? "" : text.substr(point + 1));
        const auto given = static_cast<std::int32_t>(point == std::string::npos ? 0 : text.size() - point - 1);
        if (given > type.scale || type.scale > 18)
            return false;
        digits.append(static_cast<std::size_t>(type.scale - given), '0');
        std::int64_t value = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        return read.ec == std::errc() && read.ptr == digits.data() + digits.size() && out.append_decimal(value);
    }
    default: return out.append_text(text);
    }
}

bool append_value(ColumnBuilder& out, const DataType& type, const json::value* value)
{
    if (!value || value->is_null())
        return out.append_null();
    if (value->is_bool())
        return out.append_bool(value->get_bool());
    if (value->is_string())
        return append_spelled(out, type, std::string(value->get_string()));
    if (type.type == Type::float64 || type.type == Type::float32)
        return out.append_f64(value->is_double() ? value->get_double() : static_cast<double>(value->get_int64()));
    if (type.type == Type::decimal128)
        return append_spelled(out, type, number_text(*value));
    return value->is_int64() && out.append_i64(value->get_int64());
}

Result<OwnedStream> stream_of_rows(const json::array& rows, const json::object& types)
{
    Schema schema;
    const auto add_column = [&](std::string_view name) -> Status {
        if (schema.find(name))
            return {};
        if (const auto* spelled = types.if_contains(name); spelled && spelled->is_string()) {
            JF_ASSIGN(DataType type, parse_type(std::string(spelled->get_string())));
            schema.fields.push_back({std::string(name), std::move(type)});
            return {};
        }
        JF_ASSIGN(DataType type, type_of(std::string(name), rows));
        schema.fields.push_back({std::string(name), std::move(type)});
        return {};
    };
    for (const auto& row : rows) {
        if (!row.is_object())
            return fail(JF_E_CONFIG, "each row is an object: {\"column\": value}");
        for (const auto& [name, value] : row.get_object())
            JF_TRY(add_column(std::string_view(name.data(), name.size())));
    }
    for (const auto& [name, type] : types)
        JF_TRY(add_column(std::string_view(name.data(), name.size())));
    BatchBuilder builder(schema);
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < schema.fields.size(); ++i)
            if (const auto* value = row.get_object().if_contains(schema.fields[i].name); !append_value(builder.column(i), schema.fields[i].type, value))
                return fail(JF_E_CONFIG, (value ? shown(*value) : "null") + " is no " + schema.fields[i].type.text(), schema.fields[i].name);
        builder.end_row();
    }
    JF_ASSIGN(OwnedArray batch, builder.finish());
    std::vector<OwnedArray> batches;
    batches.push_back(std::move(batch));
    return exec::stream_of(std::move(schema), std::move(batches));
}

// ---- rows out -----------------------------------------------------------------------------------------------------

/// Collects what a sink was given.
struct Collected {
    std::mutex mutex; // outputs are called from threads of the runtime
    Rows rows;
};

std::function<Status(const ArrowSchema&, ArrowArray*)> collector(std::shared_ptr<Collected> into)
{
    return [into = std::move(into)](const ArrowSchema& schema, ArrowArray* array) -> Status {
        const std::scoped_lock lock(into->mutex);
        if (!array) {
            JF_ASSIGN(into->rows.schema, import_schema(schema));
            return {};
        }
        OwnedArray owned(*array);
        array->release = nullptr;
        add_rows(into->rows, owned, 0);
        return {};
    };
}

/// One spelling for what is equal.
std::string canonical(const json::value& value)
{
    double number = 0;
    if (value.is_int64())
        number = static_cast<double>(value.get_int64());
    else if (value.is_double())
        number = value.get_double();
    else if (const auto* text = value.if_string()) {
        const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
        if (text->empty() || read.ec != std::errc() || read.ptr != text->data() + text->size())
            return json::serialize(value);
    } else {
        return json::serialize(value);
    }
    if (value.is_int64() && std::abs(number) > 9e15)
        return json::serialize(value);
    char digits[40];
    return {digits, std::to_chars(digits, digits + sizeof digits, number, std::chars_format::general, 15).ptr};
}

std::string line_of(const json::value& row, const std::vector<std::string>& columns)
{
    std::string out = "{";
    for (const std::string& column : columns) {
        const auto* value = row.is_object() ? row.get_object().if_contains(column) : nullptr;
        out += (out.size() > 1 ? ", " : "") + column + ": " + (value ? canonical(*value) : "(no such column)");
    }
    return out + "}";
}

} // namespace

std::string difference(const json::array& expected, const json::array& found, bool in_order)
{
    std::vector<std::string> columns;
    for (const auto& row : expected)
        if (row.is_object())
            for (const auto& [name, value] : row.get_object())
                if (std::string text(name); std::find(columns.begin(), columns.end(), text) == columns.end())
                    columns.push_back(std::move(text));
    if (expected.empty() && !found.empty() && found.front().is_object())
        for (const auto& [name, value] : found.front().get_object())
            columns.emplace_back(name);
    std::vector<std::string> wanted, got;
    for (const auto& row : expected)
        wanted.push_back(line_of(row, columns));
    for (const auto& row : found)
        got.push_back(line_of(row, columns));
    std::string out;
    if (in_order) {
        for (std::size_t i = 0; i < std::max(wanted.size(), got.size()); ++i) {
            const bool same = i < wanted.size() && i < got.size() && wanted[i] == got[i];
            if (!same && i < wanted.size())
                out += "      - " + wanted[i] + "\n";
            if (!same && i < got.size())
                out += "      + " + got[i] + "\n";
        }
        return out;
    }
    std::multiset<std::string> left(got.begin(), got.end());
    for (const std::string& line : wanted) {
        if (const auto at = left.find(line); at != left.end())
            left.erase(at);
        else
            out += "      - " + line + "\n";
    }
    for (const std::string& line : left)
        out += "      + " + line + "\n";
    return out;
}

Result<std::vector<FlowTest>> read_tests(const std::filesystem::path& file)
{
    JF_ASSIGN(const json::object document, read_object(file));
    const auto wrong = [&](const std::string& what, const std::string& where) { return fail(JF_E_CONFIG, what, file.string() + (where.empty() ? "" : ": " + where)); };
    const auto* flow = document.if_contains("flow");
    const auto* tests = document.if_contains("tests");
    if (!flow || !flow->is_string() || !tests || !tests->is_object())
        return wrong("needs \"flow\": FILE and \"tests\": { NAME: { … } }", "");
    std::vector<FlowTest> out;
    for (const auto& [name, value] : tests->get_object()) {
        FlowTest test{.name = std::string(name), .flow = file.parent_path() / std::string(flow->get_string())};
        if (!value.is_object())
            return wrong("is no object", test.name);
        for (const auto& [key, member] : value.get_object()) {
            const std::string word(key);
            const auto* object = member.if_object();
            if (word == "parameters" && object)
                test.parameters = *object;
            else if (word == "connections" && object)
                test.connections = *object;
            else if (word == "given" && object)
                for (const auto& [task, rows] : *object)
                    test.given[std::string(task)] = rows;
            else if (word == "types" && object && std::all_of(object->begin(), object->end(), [](const auto& one) { return one.value().is_object(); }))
                for (const auto& [task, columns] : *object)
                    test.types[std::string(task)] = columns.get_object();
            else if (word == "expect" && object && std::all_of(object->begin(), object->end(), [](const auto& one) { return one.value().is_array(); }))
                for (const auto& [task, rows] : *object)
                    test.expect[std::string(task)] = rows.get_array();
            else if (word == "queries" && member.is_array())
                test.queries = member.get_array();
            else if (word == "run" && member.is_array() && std::all_of(member.get_array().begin(), member.get_array().end(), [](const auto& one) { return one.is_string(); }))
                for (const auto& task : member.get_array())
                    test.run.emplace_back(task.get_string());
            else if (word == "in_order" && member.is_bool())
                test.in_order = member.get_bool();
            else
                return wrong("what is " + in_quotes(word) + "? known are parameters, connections, given, types, expect, queries, run, in_order", test.name);
        }
        out.push_back(std::move(test));
    }
    return out;
}

namespace {

/// The flow's document with the ends of its pipelines replaced.
Result<json::object> changed_flow(const FlowTest& test, const std::string& folder)
{
    JF_ASSIGN(json::object document, read_object(test.flow));
    auto* tasks = document.if_contains("tasks");
    if (!tasks || !tasks->is_object())
        return fail(JF_E_CONFIG, "has no tasks", test.flow.string());
    const auto task_of = [&](const std::string& name) -> Result<json::object*> {
        auto* task = tasks->get_object().if_contains(name);
        if (!task || !task->is_object())
            return fail(JF_E_CONFIG, "the flow has no task " + in_quotes(name), test.name);
        return &task->get_object();
    };
    for (const auto& [name, rows] : test.given) {
        JF_ASSIGN(json::object* task, task_of(name));
        (*task)["source"] = rows.is_array() ? json::value{{"use", "memory"}, {"name", name}} : put_folder_in(rows, folder);
    }
    for (const auto& [name, rows] : test.expect) {
        const std::size_t dot = name.find('.');
        JF_ASSIGN(json::object* task, task_of(name.substr(0, dot)));
        const std::string port = dot == std::string::npos ? "sink" : name.substr(dot + 1);
        const json::value memory{{"use", "memory"}, {"name", name}};
        if (port == "sink" || port == "quarantine") {
            (*task)[port] = memory;
        } else {
            auto* outputs = task->if_contains("outputs");
            if (!outputs || !outputs->is_object() || !outputs->get_object().contains(port))
                return fail(JF_E_CONFIG, "task " + in_quotes(name.substr(0, dot)) + " has no output " + in_quotes(port), test.name);
            outputs->get_object()[port] = memory;
        }
    }
    if (!test.connections.empty()) {
        auto& connections = document["connections"];
        if (!connections.is_object())
            connections = json::object();
        for (const auto& [name, connection] : test.connections)
            connections.get_object()[name] = put_folder_in(connection, folder);
    }
    return document;
}

/// The tasks that are run: those with given or expected rows, and those of "run".
std::vector<std::string> tasks_of(const FlowTest& test)
{
    std::set<std::string> names(test.run.begin(), test.run.end());
    for (const auto& [name, rows] : test.given)
        names.insert(name);
    for (const auto& [name, rows] : test.expect)
        names.insert(name.substr(0, name.find('.')));
    return {names.begin(), names.end()};
}

Status ask(const FlowTest& test, const Flow& bound, Catalog& catalog, std::string& text)
{
    for (const auto& one : test.queries) {
        const auto* query = one.if_object();
        const auto text_of = [&](const char* name) {
            const auto* member = query ? query->if_contains(name) : nullptr;
            return member && member->is_string() ? std::string(member->get_string()) : std::string();
        };
        const auto* rows = query ? query->if_contains("rows") : nullptr;
        if (text_of("on").empty() || text_of("query").empty() || !rows || !rows->is_array())
            return fail(JF_E_CONFIG, "a query is {\"on\": CONNECTION, \"query\": SQL, \"rows\": [ … ]}", test.name);
        JF_ASSIGN(const Rows found, read_query(bound, text_of("on"), text_of("query"), catalog, 0));
        if (const std::string lines = difference(rows->get_array(), found.values, test.in_order); !lines.empty())
            text += "    " + text_of("query") + "\n" + lines;
    }
    return {};
}

} // namespace

Result<TestOutcome> run_test(const FlowTest& test, const RuntimeOptions& given)
{
    const Scratch scratch;
    if (scratch.folder().empty())
        return fail(JF_E_DENIED, "no folder can be made in " + std::filesystem::temp_directory_path().string());
    JF_ASSIGN(const json::object document, changed_flow(test, scratch.folder()));
    RuntimeOptions options = given;
    options.state.clear();
    if (!test.connections.empty())
        options.connections.clear(); // an environment would win over them
    Runtime runtime(options);
    FlowReading reading = read_flow(json::serialize(document), test.flow.string(), runtime.flow_options());
    if (!reading.flow)
        return reading.error();
    json::object parameters = test.parameters;
    for (auto& [name, value] : parameters)
        value = put_folder_in(value, scratch.folder());
    RunOptions how;
    how.only = tasks_of(test);
    std::vector<OwnedStream> streams(test.given.size());
    std::size_t at = 0;
    for (const auto& [name, rows] : test.given) {
        if (!rows.is_array())
            continue;
        const auto types = test.types.find(name);
        auto stream = stream_of_rows(rows.get_array(), types == test.types.end() ? json::object() : types->second);
        if (!stream)
            return std::move(stream).error().at(test.name + ": given." + name);
        streams[at] = std::move(*stream);
        how.inputs[name] = &*streams[at++];
    }
    std::map<std::string, std::shared_ptr<Collected>> found;
    for (const auto& [name, rows] : test.expect) {
        found[name] = std::make_shared<Collected>();
        how.outputs[name] = collector(found[name]);
    }
    JF_ASSIGN(const Report report, runtime.run(*reading.flow, parameters, std::move(how)));
    TestOutcome out;
    if (!report.ok())
        out.text += "    the run " + report.state + ": " + report.message + "\n";
    for (const auto& [name, rows] : test.expect)
        if (const std::string lines = difference(rows, found[name]->rows.values, test.in_order); !lines.empty())
            out.text += "    " + name + "\n" + lines;
    if (report.ok() && !test.queries.empty()) {
        const FlowReading bound = reading.flow->bind(parameters, &runtime.components());
        JF_TRY(ask(test, *bound.flow, runtime.catalog(), out.text));
    }
    out.passed = out.text.empty();
    return out;
}

} // namespace jackfield::cli
