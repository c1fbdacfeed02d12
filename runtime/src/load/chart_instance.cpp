// ChartInstance: media types, the schema of specifications, pictures.
#include "load/chart_instance.hpp"

#include <boost/json/parse.hpp>

namespace jackfield {

namespace {

constexpr std::size_t picture_limit = std::size_t{256} << 20;
constexpr std::size_t json_limit = std::size_t{4} << 20;

} // namespace

Result<ChartInstance> ChartInstance::make(const Factory& factory, CallFrame& frame, const InstanceOptions& options)
{
    JF_ASSIGN(auto core, InstanceCore::make(factory, frame, options));
    ChartInstance out(std::move(core));
    out.table_ = static_cast<const jf_chart*>(factory.table()->table);
    return out;
}

Result<std::vector<std::string>> ChartInstance::media_types(CallFrame& frame) const
{
    std::string json;
    ByteWriter writer(json, json_limit);
    const jf_status status = frame.run("media_types", table_->media_types, core_->self(), frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "media_types");
    boost::system::error_code wrong;
    const boost::json::value parsed = boost::json::parse(json, wrong);
    std::vector<std::string> out;
    if (!wrong && parsed.is_array())
        for (const auto& name : parsed.get_array())
            if (name.is_string())
                out.emplace_back(name.get_string().data(), name.get_string().size());
    if (out.empty())
        return core_->broken("media_types", "wrote no JSON array of names");
    return out;
}

Result<std::string> ChartInstance::spec_schema(CallFrame& frame) const
{
    std::string json;
    ByteWriter writer(json, json_limit);
    const jf_status status = frame.run("spec_schema", table_->spec_schema, core_->self(), frame.raw(), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "spec_schema");
    JF_TRY(core_->check(writer, "the schema of a figure"));
    return json;
}

Result<std::string> ChartInstance::render(CallFrame& frame, std::string_view page_json, std::vector<FigureInput> figures, std::string_view media_type) const
{
    std::vector<ArrowArrayStream> streams(figures.size());
    std::vector<jf_figure> raw(figures.size());
    std::vector<const jf_figure*> pointers(figures.size());
    for (std::size_t i = 0; i < figures.size(); ++i) {
        streams[i] = figures[i].data.release(); // the plugin's now, whatever it returns
        raw[i] = {sizeof(jf_figure), 0, str_of(figures[i].spec_json), &streams[i]};
        pointers[i] = &raw[i];
    }
    std::string picture;
    ByteWriter writer(picture, picture_limit);
    const jf_status status = frame.run("render", table_->render, core_->self(), frame.raw(), str_of(page_json), std::uint64_t{figures.size()},
                                       pointers.data(), str_of(media_type), writer.raw());
    if (status != JF_OK)
        return core_->error(frame, status, "render");
    JF_TRY(core_->check(writer, "the picture"));
    return picture;
}

} // namespace jackfield
