// Members: reads one JSON object of a flow member by member, and knows at the end which of them nobody asked for.
#pragma once

#include "json_text.hpp"
#include "schema_check.hpp"

#include <jackfield/runtime/flow.hpp>

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield {

/// What all readers of one flow share. One thread at a time.
struct ReadContext {
    const ComponentCatalog* components = nullptr; // may be nullptr
    SchemaStore* schemas = nullptr;
    std::vector<std::string> connections; // names that `on` may have
    std::vector<Fault> faults;
    bool values_put_in = false; // references became values with types of their own: what wants text takes them as text
    bool deferred = false; // a reference was left somewhere since this was last set to false
};

/// A place in one of the texts of a flow. Value; the text outlives it.
struct Spot {
    const JsonText* text = nullptr;
    Path path;

    [[nodiscard]] Spot operator/(std::string_view key) const { return {text, path / key}; }
    [[nodiscard]] Spot operator/(std::size_t index) const { return {text, path / index}; }
    void fault(ReadContext& context, std::string message, JsonText::Part part = JsonText::Part::value) const
    {
        context.faults.push_back(text->fault(path, std::move(message), part));
    }
};

/// One thread at a time. The value and the context outlive it.
class Members {
public:
    /// A value that is no object is a fault, and then every member is absent.
    Members(ReadContext& context, Spot spot, const boost::json::value& value);

    /// The member or nullptr. From here on it counts as known.
    const boost::json::value* take(std::string_view name);
    [[nodiscard]] bool has(std::string_view name) const;

    // Each gives nothing if the member is absent, at fault (reported) or not known yet (a reference is left).
    std::optional<std::string> text(std::string_view name, bool required = false);
    std::optional<std::string> name_of_thing(std::string_view name);
    std::optional<Duration> duration(std::string_view name, bool zero_is_good = false);
    std::optional<std::uint64_t> size(std::string_view name);
    std::optional<std::int64_t> whole(std::string_view name, std::int64_t least, std::int64_t most);
    std::optional<double> number(std::string_view name, double least, double most);
    std::optional<bool> flag(std::string_view name);
    std::optional<std::size_t> choice(std::string_view name, const std::vector<std::string>& choices);
    /// The member as an object; its strings finished.
    std::optional<boost::json::object> object(std::string_view name);
    /// The elements of a list with their places.
    std::vector<std::pair<Spot, const boost::json::value*>> list(std::string_view name);

    /// What nobody took: the options of a component.
    [[nodiscard]] boost::json::object rest() const;
    /// Reports what nobody took. `plural` names members in the remedy: "members", "options".
    void finish(std::string_view plural = "members");

    [[nodiscard]] Spot at(std::string_view name) const { return spot_ / name; }
    [[nodiscard]] const Spot& spot() const { return spot_; }
    [[nodiscard]] ReadContext& context() { return context_; }
    [[nodiscard]] const std::vector<std::string>& known() const { return known_; }

private:
    bool pending(const boost::json::value& value);
    void wrong(std::string_view name, std::string_view expected, const boost::json::value& value);

    ReadContext& context_;
    Spot spot_;
    const boost::json::object* object_;
    std::vector<std::string> known_;
};

} // namespace jackfield
