// Tests of chart renderers.
#include "testkit/rows.hpp"

#include "flow/schema_check.hpp"

#include <jackfield/sdk/arrow/stream.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace jackfield::testkit {

namespace json = boost::json;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// A table of n (int64), label (utf8) and x (float64): `rows` rows, every third value null if `nulls`.
Result<OwnedStream> table(std::int64_t rows, bool nulls)
{
    const Schema schema{{"n", Type::int64}, {"label", Type::utf8}, {"x", Type::float64}};
    Rows made(schema);
    for (std::int64_t i = 0; i < rows; ++i) {
        if (nulls && i % 3 == 1)
            made.add(nullptr, nullptr, nullptr);
        else
            made.add(i, "label " + std::to_string(i % 5), static_cast<double>(i % 7) * 1.5 - 2);
    }
    JF_ASSIGN(OwnedArray batch, made.finish());
    auto left = std::make_shared<OwnedArray>(std::move(batch)); // shared: std::function must be copyable
    return make_stream(schema, [left]() -> Result<OwnedArray> { return std::move(*left); });
}

/// The specifications to draw: the fact "specs" (over columns n, label, x), or "spec".
Result<std::vector<std::string>> specs(Kit& kit)
{
    std::vector<std::string> out;
    if (const auto several = kit.fact("specs"); several && several->is_array())
        for (const json::value& one : several->get_array())
            out.push_back(json::serialize(one));
    if (const auto one = kit.fact("spec"))
        out.push_back(json::serialize(*one));
    if (out.empty())
        return skip("needs a specification over the columns n, label and x: \"spec\" in --facts");
    return out;
}

Result<std::string> render(Kit& kit, const ChartInstance& chart, const std::string& spec, const std::string& media, std::int64_t rows, bool nulls)
{
    kit.doing("render() of " + media + " ran with " + std::to_string(rows) + " rows");
    JF_ASSIGN(OwnedStream data, table(rows, nulls));
    std::vector<FigureInput> figures;
    figures.push_back({spec, std::move(data)});
    CallFrame frame;
    frame.set_deadline_in(9 * second_ns);
    return chart.render(frame, "", std::move(figures), media);
}

Result<std::vector<std::string>> media_of(const ChartInstance& chart)
{
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(auto media, chart.media_types(frame));
    JF_TRY(must(!media.empty(), "media_types() names none"));
    return media;
}

Verdict media_types(Kit& kit)
{
    JF_ASSIGN(const ChartInstance chart, kit.make<ChartInstance>());
    JF_ASSIGN(const auto media, media_of(chart));
    std::string all;
    for (const std::string& one : media) {
        JF_TRY(must(one.find('/') != std::string::npos, "'" + one + "' is no media type"));
        all += (all.empty() ? "" : ", ") + one;
    }
    return all;
}

Verdict spec_schema(Kit& kit)
{
    JF_ASSIGN(const ChartInstance chart, kit.make<ChartInstance>());
    CallFrame frame;
    frame.set_deadline_in(5 * second_ns);
    JF_ASSIGN(const std::string text, chart.spec_schema(frame));
    JF_ASSIGN(const auto schema, OptionsSchema::compile(text, "spec_schema()"));
    const auto wanted = specs(kit);
    if (wanted)
        for (const std::string& spec : *wanted) {
            json::value value = json::parse(spec);
            const SchemaOutcome outcome = schema->check(value);
            JF_TRY(must(outcome.faults.empty(), "its own schema refuses " + spec + ": " + (outcome.faults.empty() ? "" : outcome.faults.front().message)));
        }
    return "spec_schema() is sound" + std::string(wanted ? ", and takes " + count(wanted->size(), "specification") : "");
}

/// Every specification in every media type over a table.
Verdict draws(Kit& kit, std::int64_t rows, bool nulls)
{
    JF_ASSIGN(const auto wanted, specs(kit));
    JF_ASSIGN(const ChartInstance chart, kit.make<ChartInstance>());
    JF_ASSIGN(const auto media, media_of(chart));
    std::size_t drawn = 0, refused = 0, bytes = 0;
    for (const std::string& spec : wanted)
        for (const std::string& one : media) {
            const auto made = render(kit, chart, spec, one, rows, nulls);
            if (!made) {
                JF_TRY(must(made.error().kind == JF_E_UNSUPPORTED || (rows < 2 && made.error().kind == JF_E_DATA), one + ": " + made.error().message));
                ++refused;
                continue;
            }
            JF_TRY(must(!made->empty(), "render() wrote nothing for " + one));
            ++drawn;
            bytes += made->size();
        }
    JF_TRY(must(drawn > 0 || rows < 2, "no media type can be drawn"));
    return count(drawn, "picture") + " of " + grouped(drawn ? bytes / drawn : 0) + " bytes on average" + (refused ? "; " + std::to_string(refused) + " refused with a reason" : "");
}

Verdict rendered(Kit& kit) { return draws(kit, 50, false); }
Verdict empty(Kit& kit) { return draws(kit, 0, false); }
Verdict one_row(Kit& kit) { return draws(kit, 1, false); }
Verdict nulls(Kit& kit) { return draws(kit, 50, true); }

Verdict same(Kit& kit)
{
    JF_ASSIGN(const auto wanted, specs(kit));
    JF_ASSIGN(const Description description, kit.description());
    if (!description.can(JF_DETERMINISTIC))
        return skip("describe() does not say that the same table gives the same bytes");
    for (const std::string& spec : wanted) {
        JF_ASSIGN(const ChartInstance first, kit.make<ChartInstance>());
        JF_ASSIGN(const auto media, media_of(first));
        for (const std::string& one : media) {
            const auto once = render(kit, first, spec, one, 50, false);
            JF_ASSIGN(const ChartInstance second, kit.make<ChartInstance>());
            const auto again = render(kit, second, spec, one, 50, false);
            if (once && again)
                JF_TRY(must(*once == *again, "the same table gave other bytes of " + one + " the second time, although describe() says deterministic"));
        }
    }
    return std::string("the same table gives the same bytes");
}

Verdict bad_spec(Kit& kit)
{
    JF_ASSIGN(const ChartInstance chart, kit.make<ChartInstance>());
    JF_ASSIGN(const auto media, media_of(chart));
    for (const char* spec : {"", "{", "[]", "null", "{\"type\":\"no such chart\"}", "{\"type\":12}"}) {
        const auto made = render(kit, chart, spec, media[0], 5, false);
        // chart.h promises specifications that fit spec_schema(): drawing another one is no fault, silence about it is
        JF_TRY(must(made || !made.error().message.empty(), std::string("the specification '") + spec + "' is refused without a sentence"));
    }
    const auto made = render(kit, chart, "{}", "application/x-no-such-type", 5, false);
    JF_TRY(must(!made, "drew a media type that it does not name"));
    return std::string("bad specifications are no crash, other media types are refused");
}

constexpr Test tests[] = {
    {"chart", "media-types", "it names its media types", media_types},
    {"chart", "spec-schema", "the schema of specifications is sound", spec_schema},
    {"chart", "render", "every media type is drawn", rendered},
    {"chart", "empty", "a table without rows is no crash", empty},
    {"chart", "one-row", "a table of one row is no crash", one_row},
    {"chart", "nulls", "nulls are no crash", nulls},
    {"chart", "same", "the same table gives the same bytes", same},
    {"chart", "bad-spec", "bad specifications are no crash, other media types are refused", bad_spec},
};

} // namespace

std::span<const Test> chart_tests() { return tests; }

} // namespace jackfield::testkit
