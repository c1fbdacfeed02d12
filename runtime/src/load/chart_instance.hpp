// ChartInstance: (specification, table, media type) → bytes.
#pragma once

#include "load/instance.hpp"

#include <jackfield/abi/chart.h>

#include <vector>

namespace jackfield {

/// One chart of a page.
struct FigureInput {
    std::string spec_json;
    OwnedStream data; ///< moved in
};

/// Any thread.
class ChartInstance : public Instance {
public:
    [[nodiscard]] static Result<ChartInstance> make(const Factory& factory, CallFrame& frame, const InstanceOptions& options);
    [[nodiscard]] Result<std::vector<std::string>> media_types(CallFrame& frame) const;
    [[nodiscard]] Result<std::string> spec_schema(CallFrame& frame) const;
    /// At most 256 MiB. The data of the figures is gone, whatever is returned.
    [[nodiscard]] Result<std::string> render(CallFrame& frame, std::string_view page_json, std::vector<FigureInput> figures,
                                             std::string_view media_type) const;

private:
    using Instance::Instance;
    const jf_chart* table_ = nullptr;
};

} // namespace jackfield
