// Any text as a flow: read, bind, resolve, print. Nothing may crash, hang or throw; faults come without control characters.
#include "sample_catalog.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

void require(bool good)
{
    if (!good)
        std::abort(); // the fuzzer keeps the input
}

void check_faults(const std::vector<jackfield::Fault>& faults)
{
    const auto clean = [](const std::string& text) {
        return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
    };
    for (const auto& fault : faults)
        require(!fault.message.empty() && clean(fault.message) && clean(fault.path));
    (void)jackfield::format_faults(faults);
}

void use(const jackfield::Flow& flow, const SampleCatalog& catalog)
{
    boost::json::object given;
    for (const auto& parameter : flow.parameters)
        if (parameter.required())
            given[parameter.name] = "1";
    const auto bound = flow.bind(given, &catalog);
    require(bound.flow.has_value() == bound.faults.empty());
    check_faults(bound.faults);
    if (!bound.flow)
        return;
    const boost::json::value item{{"name", "${tasks.a.result}"}};
    const boost::json::object results{{"a", {{"x", 1}}}};
    for (const auto& task : bound.flow->tasks) {
        (void)bound.flow->resolve(task, {&item, 0, &results}, &catalog);
        if (task.when)
            (void)task.when->evaluate(bound.flow->values, {&item, 0, &results});
    }
    (void)boost::json::serialize(bound.flow->to_json());
    (void)flow.fault_at("tasks.a.source.path", "x");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const SampleCatalog catalog;
    jackfield::FlowOptions options;
    options.components = &catalog;
    const auto reading = jackfield::read_flow({reinterpret_cast<const char*>(data), size}, "fuzz", options);
    require(reading.flow.has_value() == reading.faults.empty());
    check_faults(reading.faults);
    if (reading.flow)
        use(*reading.flow, catalog);
    return 0;
}
