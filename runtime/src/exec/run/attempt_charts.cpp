// Attempts of charts and pages: rows from a connection or a source, a picture from a renderer, a file.
#include "exec/run/attempt.hpp"
#include "exec/run/source_stream.hpp"
#include "exec/run/write_file.hpp"

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/schema.hpp>

#include <boost/json/serialize.hpp>

#include <map>

namespace jackfield::exec {

namespace {

/// The media type that a file's name asks for; empty: none known.
std::string_view media_type_of(const std::filesystem::path& file)
{
    static constexpr std::pair<std::string_view, std::string_view> types[] = {{".html", "text/html"}, {".htm", "text/html"},
        {".svg", "image/svg+xml"}, {".png", "image/png"}, {".json", "application/vnd.jackfield.echarts+json"}};
    const std::string extension = file.extension().string();
    for (const auto& [known, type] : types)
        if (known == extension)
            return type;
    return {};
}

/// One row with the parameters of a query, a column for each.
Result<OwnedStream> stream_of_parameters(const boost::json::object& parameters)
{
    Schema schema;
    for (const auto& [name, value] : parameters)
        schema.fields.push_back({std::string(name), value.is_int64() ? Type::int64 : value.is_double() ? Type::float64
            : value.is_bool() ? Type::boolean : Type::utf8});
    BatchBuilder row(schema);
    std::size_t at = 0;
    for (const auto& [name, value] : parameters) {
        ColumnBuilder& column = row.column(at++);
        if (value.is_null())
            column.append_null();
        else if (value.is_int64())
            column.append_i64(value.get_int64());
        else if (value.is_double())
            column.append_f64(value.get_double());
        else if (value.is_bool())
            column.append_bool(value.get_bool());
        else
            column.append_text(value.is_string() ? std::string_view(value.get_string()) : std::string_view(boost::json::serialize(value)));
    }
    row.end_row();
    JF_ASSIGN(OwnedArray batch, row.finish());
    std::vector<OwnedArray> batches;
    batches.push_back(std::move(batch));
    return stream_of(std::move(schema), std::move(batches));
}

/// "main"."events" for main.events.
std::string quoted_table(std::string_view table)
{
    std::string out = "\"";
    for (const char c : table)
        out += c == '.' ? "\".\"" : c == '"' ? "\"\"" : std::string(1, c);
    return out + "\"";
}

/// The rows of one chart. Whatever the stream reads from is kept alive in `owners`.
Result<OwnedStream> open_data(TaskAttempt& attempt, CallFrame& frame, const Chart& chart, std::vector<std::shared_ptr<const void>>& owners)
{
    const ChartData& data = chart.data;
    if (data.source) {
        JF_ASSIGN(const auto connection, attempt.connection_of(*data.source, frame));
        JF_ASSIGN(const Factory factory, attempt.shared->catalog->factory(ComponentKind::source, data.source->use));
        const ConfigView view(*data.source);
        JF_ASSIGN(const Description description, factory.describe(frame, view, nullptr));
        JF_ASSIGN(auto source, SourceInstance::make(factory, frame, {&*data.source, connection.get(), attempt.backend(data.source->place)}));
        return source_as_stream(&attempt.cancellation, attempt.deadline_ns, std::move(source), description);
    }
    JF_ASSIGN(const auto connection, attempt.connection(data.on, frame));
    attempt.on_stop([weak = std::weak_ptr(connection)](int) {
        if (const auto alive = weak.lock())
            alive->interrupt();
    });
    owners.push_back(connection);
    OwnedStream parameters;
    if (!data.parameters.empty()) {
        JF_ASSIGN(parameters, stream_of_parameters(data.parameters));
    }
    const std::string sql = data.query.empty() ? "select * from " + quoted_table(data.table) : data.query;
    JF_ASSIGN(QueryStream rows, connection->query(frame, sql, std::move(parameters), 0));
    return std::move(rows).release();
}

/// One renderer, made once for all charts of a task that use it with the same options. On a page it names the chart at fault, so
/// its own place is the page's.
Result<std::shared_ptr<ChartInstance>> renderer_of(TaskAttempt& attempt, CallFrame& frame, const Component& component)
{
    const std::string place = component.place.substr(0, component.place.rfind(".charts["));
    JF_ASSIGN(const Factory factory, attempt.shared->catalog->factory(ComponentKind::chart, component.use));
    JF_ASSIGN(auto made, ChartInstance::make(factory, frame, {&component, nullptr, attempt.backend(place)}));
    auto renderer = std::make_shared<ChartInstance>(std::move(made)); // shared with the interrupt
    attempt.on_stop([weak = std::weak_ptr(renderer)](int) {
        if (const auto alive = weak.lock())
            alive->interrupt();
    });
    return renderer;
}

Result<boost::json::value> draw(TaskAttempt& attempt, const std::vector<Chart>& charts, const std::string& title, const std::filesystem::path& out)
{
    const std::string_view media_type = media_type_of(out);
    if (media_type.empty())
        return fail(JF_E_CONFIG, "'" + out.string() + "' does not say what to draw; end it in .html, .svg, .png or .json", "out");
    CallFrame frame(&attempt.cancellation);
    frame.set_deadline(attempt.deadline_ns);
    std::vector<std::shared_ptr<const void>> owners; // go after the figures that read from them
    std::vector<FigureInput> figures;
    for (const Chart& chart : charts) {
        auto data = open_data(attempt, frame, chart, owners);
        if (!data)
            return std::move(data).error().at(chart.component.place);
        figures.push_back({boost::json::serialize(chart.component.configuration), std::move(*data)});
    }
    JF_ASSIGN(const auto renderer, renderer_of(attempt, frame, charts.front().component));
    std::string page;
    if (attempt.task.kind == TaskKind::page)
        page = boost::json::serialize(boost::json::object{{"title", title}});
    JF_ASSIGN(const std::string bytes, renderer->render(frame, page, std::move(figures), media_type));
    JF_TRY(write_file(out, bytes));
    return boost::json::object{{"files", boost::json::array{out.string()}}, {"charts", charts.size()}, {"bytes", bytes.size()}};
}

} // namespace

AttemptOutcome attempt_charts(TaskAttempt& attempt)
{
    const bool page = attempt.task.kind == TaskKind::page;
    const std::vector<Chart> charts = page ? attempt.task.page.charts : std::vector<Chart>{attempt.task.chart};
    AttemptOutcome out;
    auto result = draw(attempt, charts, page ? attempt.task.page.title : std::string(), page ? attempt.task.page.out : attempt.task.chart.out);
    if (result)
        out.result = std::move(*result);
    else
        out.status = std::move(result).error();
    return out;
}

} // namespace jackfield::exec
