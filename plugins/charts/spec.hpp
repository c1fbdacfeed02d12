// What one chart shall show: the specification, checked against its JSON Schema and filled with defaults.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <boost/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::charts {

/// One checked specification. Value.
class Spec {
public:
    /// Reads JSON text. JF_E_CONFIG with the member as place: no JSON, unknown member, wrong type, out of range.
    static Result<Spec> parse(std::string_view json);

    std::string_view kind() const { return text("kind"); }
    std::string_view text(std::string_view member) const; ///< "" where absent
    bool flag(std::string_view member) const;             ///< false where absent
    std::optional<double> number(std::string_view member) const;
    std::vector<std::string> list(std::string_view member) const; ///< one string counts as a list of one
    const boost::json::object& json() const { return json_; }

    /// The theme of a page goes over that of its charts.
    void set_theme(std::string_view theme) { json_["theme"] = theme; }

private:
    boost::json::object json_;
};

/// The frame around several charts. Value.
struct Page {
    std::string title;
    std::string subtitle;
    std::string footer;
    std::string theme; ///< "light", "dark", or "" for as the reader's system is set
    int columns = 2;

    /// Reads JSON text; empty text is a page without a title. JF_E_CONFIG as Spec::parse.
    static Result<Page> parse(std::string_view json);
};

} // namespace jackfield::charts
