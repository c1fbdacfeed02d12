// Any text as a condition, and as the spelling of a duration, a size, a type, a date.
#include "flow/template.hpp"
#include "flow/units.hpp"

#include <jackfield/runtime/flow.hpp>

#include <boost/json/object.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    static const boost::json::object parameters{{"a", 1}, {"b", "x"}, {"c", true}, {"d", nullptr}, {"e", {1, "x"}}};
    static const boost::json::value item{{"id", 3}};
    if (const auto condition = jackfield::Condition::parse(text))
        (void)condition->evaluate(parameters, {&item, 0, &parameters});
    if (const auto duration = jackfield::parse_duration(text))
        if (jackfield::parse_duration(jackfield::format_duration(*duration)) != duration)
            std::abort(); // a duration is read back as it is written
    (void)jackfield::parse_size(text);
    (void)jackfield::is_arrow_type(text);
    (void)jackfield::is_timestamp(text);
    (void)jackfield::parse_template(text);
    (void)jackfield::no_duration(text);
    return 0;
}
