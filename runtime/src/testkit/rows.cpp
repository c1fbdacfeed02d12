// Making, reading and comparing rows.
#include "testkit/rows.hpp"

#include <jackfield/sdk/arrow/json.hpp>
#include <jackfield/sdk/arrow/spelling.hpp>
#include <jackfield/sdk/arrow/take.hpp>
#include <jackfield/sdk/arrow/validate.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

std::string label_of(std::int64_t number) { return "row " + std::to_string(number); }

bool append_value(ColumnBuilder& column, const DataType& type, std::int64_t number)
{
    switch (type.type) {
    case Type::boolean: return column.append_bool(number % 2 == 0);
    case Type::float32: case Type::float64: return column.append_f64(static_cast<double>(number) * 0.5);
    case Type::int8: case Type::uint8: return column.append_i64(number % 100);
    case Type::int16: case Type::uint16: return column.append_i64(number % 10000);
    case Type::decimal128: return column.append_decimal(static_cast<Int128>(number));
    case Type::utf8: case Type::large_utf8: case Type::utf8_view:
    case Type::binary: case Type::large_binary: case Type::binary_view: return column.append_text(label_of(number));
    case Type::int32: case Type::int64: case Type::uint32: case Type::uint64: case Type::date32: case Type::date64: case Type::time32:
    case Type::time64: case Type::timestamp: case Type::duration: return column.append_i64(number);
    default: return column.append_null();
    }
}

/// One row as JSON object: {"n": 7, "label": "row 7"}. A number may come as text (CSV).
Status count_row(const json::value& row, const Feed& feed, std::map<std::int64_t, int>& out)
{
    const json::object* object = row.if_object();
    const json::value* key = object ? object->if_contains(feed.key()) : nullptr;
    std::int64_t number = 0;
    if (key && key->is_int64())
        number = key->get_int64();
    else if (key && key->is_double())
        number = static_cast<std::int64_t>(key->get_double());
    else if (key && key->is_string() && std::from_chars(key->get_string().data(), key->get_string().data() + key->get_string().size(), number).ec == std::errc{})
        ;
    else
        return broken("a row is there without its column '" + feed.key() + "': " + json::serialize(row).substr(0, 100));
    for (std::size_t i = 1; i < feed.schema().size(); ++i)
        if (const json::value* text = object->if_contains(feed.schema()[i].name); text && text->is_string() && is_text(feed.schema()[i].type.type))
            JF_TRY(must(text->get_string() == label_of(number), "row " + std::to_string(number) + " came back as " + json::serialize(row).substr(0, 120)));
    ++out[number];
    return {};
}

/// Rows that no position can part, those with the same values in the columns `alike`, come in any order: puts each group from row
/// `start` on into one, so that rows can be compared. Where the last group begins, counted from `start`.
std::size_t settle(std::vector<std::string>& rows, std::size_t start, const std::vector<std::string>& alike)
{
    const auto key_of = [&alike](const std::string& row) {
        std::string out;
        const json::value parsed = json::parse(row);
        for (const std::string& name : alike)
            if (const json::value* found = parsed.as_object().if_contains(name))
                out += json::serialize(*found) + ",";
        return out;
    };
    std::size_t begin = start;
    for (std::size_t end = start; begin < rows.size();) {
        const std::string key = key_of(rows[begin]);
        while (end < rows.size() && key_of(rows[end]) == key)
            ++end;
        std::sort(rows.begin() + static_cast<std::ptrdiff_t>(begin), rows.begin() + static_cast<std::ptrdiff_t>(end));
        if (end == rows.size())
            break;
        begin = end;
    }
    return begin - start;
}

Status count_lines(const std::string& text, const Feed& feed, std::map<std::int64_t, int>& out)
{
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty())
            continue;
        boost::system::error_code code;
        const json::value row = json::parse(line, code);
        JF_TRY(must(!code, "a line is there that is no JSON: " + line.substr(0, 100)));
        JF_TRY(count_row(row, feed, out));
    }
    return {};
}

Status count_by_source(Kit& kit, const json::value& described, const Feed& feed, std::map<std::int64_t, int>& out)
{
    JF_ASSIGN(const auto source, kit.make_second<SourceInstance>(JF_KIND_SOURCE, described));
    TapeOptions options;
    options.enough = 10'000'000;
    options.max_rows = 100'000;
    JF_ASSIGN(const Tape tape, read_tape(kit, source, options));
    for (const std::string& row : tape.rows)
        JF_TRY(count_row(json::parse(row), feed, out));
    return {};
}

Status count_by_query(Kit& kit, const std::string& sql, const Feed& feed, std::map<std::int64_t, int>& out)
{
    JF_ASSIGN(const ConnectionInstance* connection, kit.connection());
    CallFrame frame;
    frame.set_deadline_in(30'000'000'000);
    JF_ASSIGN(QueryStream stream, connection->query(frame, sql, {}, 0));
    JF_ASSIGN(const OwnedSchema raw, stream.schema());
    JF_ASSIGN(const Schema schema, import_schema(*raw));
    JsonRows text(schema);
    for (;;) {
        JF_ASSIGN(const OwnedArray batch, stream.next());
        if (!batch)
            return {};
        JF_TRY(validate(schema, *batch, Check::full));
        text.bind(*batch);
        for (std::int64_t row = 0; row < batch->length; ++row)
            JF_TRY(count_row(json::parse(text.text(row)), feed, out));
    }
}

std::string some(const std::vector<std::int64_t>& numbers)
{
    std::string out = std::to_string(numbers.size()) + " (";
    for (std::size_t i = 0; i < numbers.size() && i < 4; ++i)
        out += (i ? ", " : "") + std::to_string(numbers[i]);
    return out + (numbers.size() > 4 ? ", …)" : ")");
}

/// Column `column` of the batch as a dictionary.
Result<Feed::Layout> with_type(std::string name, const Schema& schema, const ArrowArray& batch, std::size_t column, DataType type)
{
    Schema wanted = schema;
    wanted.fields[column].type = std::move(type);
    const BatchView view(schema, batch);
    BatchBuilder made(wanted);
    for (std::int64_t row = 0; row < view.rows(); ++row) {
        for (std::size_t i = 0; i < schema.size(); ++i) {
            ColumnBuilder& out = made.column(i);
            if (i != column)
                append_copy(out, view[i], row);
            else if (wanted[i].type.type == Type::dictionary) {
                out.child(0).append_text(view[i].text(row));
                out.append_i64(row);
            } else if (wanted[i].type.type == Type::run_end_encoded) {
                out.child(0).append_i64(row + 1);
                out.child(1).append_text(view[i].text(row));
            } else
                out.append_text(view[i].text(row));
        }
        made.end_row();
    }
    if (wanted[column].type.type == Type::run_end_encoded)
        made.column(column).set_length(view.rows());
    JF_ASSIGN(OwnedArray array, made.finish());
    return Feed::Layout{std::move(name), std::move(wanted), std::move(array)};
}

} // namespace

Result<Feed> Feed::make(const Kit& kit)
{
    Feed out;
    const auto columns = kit.fact("columns");
    if (!columns || !columns->is_object()) {
        out.schema_ = Schema{{"n", Type::int64}, {"label", Type::utf8}, {"x", Type::float64}};
        return out;
    }
    for (const auto& [name, type] : columns->get_object()) {
        JF_ASSIGN(DataType parsed, parse_type(type.is_string() ? std::string_view(type.get_string()) : std::string_view("?")));
        out.schema_.fields.push_back({std::string(name), std::move(parsed)});
    }
    if (out.schema_.size() == 0 || !is_integer(out.schema_[0].type.type))
        return fail(JF_E_CONFIG, "the first of the columns numbers the rows: give it a whole number's type", "facts.columns");
    return out;
}

Result<OwnedArray> Feed::batch(std::int64_t first, std::int64_t rows) const
{
    BatchBuilder made(schema_);
    for (std::int64_t row = first; row < first + rows; ++row) {
        for (std::size_t i = 0; i < schema_.size(); ++i)
            append_value(made.column(i), schema_[i].type, row);
        made.end_row();
    }
    return made.finish();
}

Result<OwnedSchema> Feed::exported() const
{
    OwnedSchema out;
    JF_TRY(export_schema(schema_, out.out()));
    return out;
}

Result<std::vector<Feed::Layout>> Feed::layouts(std::int64_t rows) const
{
    std::vector<Layout> out;
    JF_ASSIGN(OwnedArray longer, batch(-3, rows + 7));
    out.push_back({"a slice", schema_, SharedArray(std::move(longer)).slice(3, rows)});
    for (std::size_t i = 0; i < schema_.size(); ++i) {
        if (schema_[i].type.type != Type::utf8)
            continue;
        JF_ASSIGN(const OwnedArray plain, batch(0, rows));
        const std::pair<const char*, DataType> others[] = {
            {"a dictionary", DataType::dictionary(Type::int32, Type::utf8)}, {"run ends", DataType::run_end_encoded(Type::int32, Type::utf8)},
            {"a text view", Type::utf8_view}, {"large text", Type::large_utf8}};
        for (const auto& [name, type] : others) {
            JF_ASSIGN(Layout made, with_type(name, schema_, *plain, i, type));
            out.push_back(std::move(made));
        }
        break;
    }
    return out;
}

Result<std::string> first_partition(Kit& kit, const SourceInstance& source, const Description& description)
{
    if (description.partitioning == JF_PARTITIONS_DYNAMIC)
        return skip("its partitions are given and taken at run time: positions are tested by the runtime's own tests");
    if (description.partitioning == JF_PARTITIONS_NONE)
        return std::string();
    kit.doing("partitions() ran");
    CallFrame frame;
    frame.set_deadline_in(5'000'000'000);
    JF_ASSIGN(const auto names, source.partitions(frame));
    if (names.empty())
        return skip("there are no partitions now");
    return names.front();
}

Result<Tape> read_on(Kit& kit, SourceReader& reader, const TapeOptions& options)
{
    const std::vector<std::string> alike = kit.fact_texts("alike");
    Tape out;
    CallFrame frame(options.cancellation);
    SourceBatch batch;
    Schema schema;
    std::optional<JsonRows> text;
    bool ask = true, dynamic = false;
    int idle = 0;
    while (out.rows.size() < options.enough && idle < 50) {
        frame.set_deadline_in(2'000'000'000);
        if (ask) {
            JF_ASSIGN(const auto raw, reader.schema(frame));
            if (raw) {
                JF_ASSIGN(schema, import_schema(**raw));
                text.emplace(schema);
                ask = false;
            }
        }
        const std::uint64_t most = options.random ? 1 + options.random->below(options.max_rows) : options.max_rows;
        JF_ASSIGN(const ReadOutcome outcome, reader.next(frame, {most, std::uint64_t{1} << 30}, batch));
        idle = outcome == ReadOutcome::idle ? idle + 1 : 0;
        if (outcome == ReadOutcome::end) {
            out.ended = true;
            break;
        }
        if (outcome == ReadOutcome::schema)
            ask = true;
        else if (outcome == ReadOutcome::given) {
            dynamic = true;
            JF_TRY(reader.seek(frame, batch.partition, {}, {}));
        }
        if (outcome != ReadOutcome::batch)
            continue;
        JF_TRY(must(text.has_value(), "next() brought a batch before schema() had an answer"));
        JF_TRY(validate(schema, *batch.array, Check::full));
        const auto rows = static_cast<std::uint64_t>(batch.array->length);
        out.largest = std::max(out.largest, rows);
        text->bind(*batch.array);
        for (std::int64_t row = 0; row < batch.array->length; ++row)
            out.rows.push_back(text->text(row));
        const std::size_t last_group = alike.empty() ? rows - 1 : settle(out.rows, out.rows.size() - rows, alike);
        JF_TRY(must(rows <= most || last_group < most, "next() brought " + count(rows, "row") + " where at most " + std::to_string(most) + " were asked for"));
        out.longest_position = std::max(out.longest_position, batch.position.size());
        out.marks.push_back({batch.position, out.rows.size()});
        if (dynamic) // its partitions are at their end when somebody has them for good
            JF_TRY(reader.ack(frame, batch.partition, batch.position));
        if (options.look)
            options.look(batch.array);
    }
    return out;
}

Result<Tape> read_tape(Kit& kit, const SourceInstance& source, const TapeOptions& options)
{
    CallFrame frame(options.cancellation);
    frame.set_deadline_in(5'000'000'000);
    ReadOptions wanted{kit_scope, options.partition, options.from, options.until};
    kit.doing("reading");
    JF_ASSIGN(SourceReader reader, source.open(frame, wanted));
    return read_on(kit, reader, options);
}

bool can_read_back(const Kit& kit)
{
    return kit.fact("read") || kit.fact("query") || kit.fact("ndjson") || !kit.options().fixture.empty();
}

Result<std::map<std::int64_t, int>> read_back(Kit& kit, const Feed& feed)
{
    kit.doing("reading back what the sink wrote");
    std::map<std::int64_t, int> out;
    if (const auto read = kit.fact("read")) {
        JF_TRY(count_by_source(kit, *read, feed, out));
    } else if (const std::string sql = kit.fact_text("query"); !sql.empty()) {
        JF_TRY(count_by_query(kit, sql, feed, out));
    } else if (const std::string file = kit.fact_text("ndjson"); !file.empty()) {
        std::ifstream in(file, std::ios::binary);
        std::stringstream all;
        all << in.rdbuf();
        JF_TRY(count_lines(all.str(), feed, out));
    } else if (!kit.options().fixture.empty()) {
        JF_ASSIGN(const std::string said, run_fixture(kit, "read"));
        JF_TRY(count_lines(said, feed, out));
    } else {
        return skip("nothing reads back what it wrote: give --fixture PROGRAM, or \"read\", \"query\" or \"ndjson\" in --facts");
    }
    return out;
}

Status all_once(const std::map<std::int64_t, int>& found, std::int64_t rows, bool may_double)
{
    std::vector<std::int64_t> lost, doubled, strange;
    for (std::int64_t number = 0; number < rows; ++number)
        if (!found.contains(number))
            lost.push_back(number);
    for (const auto& [number, times] : found) {
        if (number < 0 || number >= rows)
            strange.push_back(number);
        else if (times > 1 && !may_double)
            doubled.push_back(number);
    }
    std::string what;
    const auto add = [&what](const char* word, const std::vector<std::int64_t>& numbers) {
        if (!numbers.empty())
            what += (what.empty() ? "" : ", ") + std::string(word) + " " + some(numbers);
    };
    add("lost", lost);
    add("doubled", doubled);
    add("not meant to be there", strange);
    return must(what.empty(), "of " + std::to_string(rows) + " rows " + what);
}

Result<std::string> run_fixture(Kit& kit, std::string_view word)
{
    const std::filesystem::path program = std::filesystem::absolute(kit.options().fixture);
    kit.doing("the fixture ran: " + program.string() + " " + std::string(word));
    int ends[2];
    if (pipe(ends) != 0)
        return broken("no pipe");
    const pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        setenv("JACKFIELD_DIR", kit.dir().c_str(), 1);
        setenv("JACKFIELD_CONFIG", kit.expand(kit.options().config_json).c_str(), 1);
        setenv("JACKFIELD_CONNECTION", kit.expand(kit.options().connection_json).c_str(), 1);
        const std::string argument(word);
        execl(program.c_str(), program.c_str(), argument.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    close(ends[1]);
    std::string out;
    char buffer[4096];
    for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0 || (size < 0 && errno == EINTR);)
        out.append(buffer, size > 0 ? static_cast<std::size_t>(size) : 0);
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return broken("the fixture '" + program.string() + " " + std::string(word) + "' failed; it is to end with 0");
    return out;
}

} // namespace jackfield::testkit
