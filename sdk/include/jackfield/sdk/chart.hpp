// Chart: turns specifications and tables into pictures or pages.
#pragma once

#include <jackfield/abi/chart.h>
#include <jackfield/sdk/arrow/array.hpp>
#include <jackfield/sdk/call.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::sdk {

/// One chart of a page.
struct Figure {
    std::string_view spec; ///< JSON as spec_schema() says
    OwnedStream data;
};

/// Where render() puts its bytes, in pieces of any size. Do not keep it.
class BytesOut {
public:
    explicit BytesOut(const jf_writer* writer) : writer_(writer) {}
    [[nodiscard]] Status write(std::string_view bytes) const { return detail::put(writer_, bytes); }

private:
    const jf_writer* writer_;
};

/// Base of a chart renderer. Any thread: several renders at once. Constructor or make() as for Source.
class Chart {
public:
    virtual ~Chart() = default;
    /// The preferred one first.
    virtual std::vector<std::string> media_types() = 0;
    /// JSON Schema of a figure's specification.
    virtual std::string spec_schema() = 0;
    /// page: JSON or empty, as jf_chart.render says.
    virtual Status render(const Call& call, std::string_view page, std::vector<Figure> figures, std::string_view media_type, const BytesOut& out) = 0;
    /// Any thread: makes renders in progress come back soon.
    virtual void interrupt() {}
};

namespace detail {

inline jf_status chart_render(void* self, const jf_call* call, jf_str page, std::uint64_t count, const jf_figure* const* figures, jf_str media_type, const jf_writer* out)
{
    return guard(call, [&]() -> Result<jf_status> {
        std::vector<Figure> moved;
        for (std::uint64_t i = 0; i < count; ++i) {
            moved.push_back({view(figures[i]->spec_json), OwnedStream(*figures[i]->data)});
            figures[i]->data->release = nullptr;
        }
        JF_TRY(static_cast<Chart*>(self)->render(Call(call), view(page), std::move(moved), view(media_type), BytesOut(out)));
        return JF_OK;
    });
}

inline const jf_chart chart_table{sizeof(jf_chart), 0,
    [](void* self, const jf_call* call, const jf_writer* json) {
        return guard(call, [&]() -> Result<jf_status> {
            std::string text = "[";
            for (const auto& type : static_cast<Chart*>(self)->media_types()) {
                text += text.size() > 1 ? "," : "";
                append_json_string(text, type);
            }
            JF_TRY(put(json, text + "]"));
            return JF_OK;
        });
    },
    [](void* self, const jf_call* call, const jf_writer* json) {
        return guard(call, [&]() -> Result<jf_status> {
            JF_TRY(put(json, static_cast<Chart*>(self)->spec_schema()));
            return JF_OK;
        });
    },
    chart_render};

} // namespace detail
} // namespace jackfield::sdk
