// References in strings: "${since}", "part-${item.id}.csv", "${interval.from}", "${tasks.list.result.files}".
//
// A string passes through three forms. As written and between bind() and resolve() it is a *template*: "${…}" is a
// reference, and of a run of dollars before a '{' each pair stands for one dollar ("$${x}" is the text ${x}). After
// finish() it is plain text. A value that is put in is escaped, so it can never be read as a reference later.
#pragma once

#include "path.hpp"

#include <jackfield/sdk/result.hpp>

#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct Reference {
    enum class Kind { parameter, interval, item, item_index, result };
    Kind kind = Kind::parameter;
    std::string name; ///< of the parameter or task; "interval.from"
    Path path;        ///< into the item or result
    std::string text; ///< as written, without "${" and "}"

    /// Is its value put in by bind(), found under `name`?
    [[nodiscard]] bool is_bound_early() const { return kind == Kind::parameter || kind == Kind::interval; }
};

/// A piece of a template: text, or a reference.
struct TemplatePart {
    std::string text;
    std::optional<Reference> reference;
};

/// Fails with JF_E_CONFIG and a sentence without a place.
[[nodiscard]] Result<Reference> parse_reference(std::string_view inner);
[[nodiscard]] Result<std::vector<TemplatePart>> parse_template(std::string_view text);

/// Does this template hold a reference? A template that cannot be parsed holds none.
[[nodiscard]] bool has_references(std::string_view text);

/// The plain text of a template without references; of others, the template as it is.
[[nodiscard]] std::string plain_text(std::string_view text);

/// The value of a reference; nothing: it is not known yet and stays; an Error: it never will be.
using Lookup = std::function<Result<std::optional<boost::json::value>>(const Reference&)>;
using ReportFault = std::function<void(const Path&, std::string)>;

/// Puts values into all strings below `value`; templates in, templates out. A string that is one reference takes the
/// value with its type.
[[nodiscard]] boost::json::value put_in(const boost::json::value& value, const Lookup& lookup, const Path& path,
                                        const ReportFault& report);

/// Templates to plain text. Strings that still hold references stay as they are; their pointers go to `deferred`.
[[nodiscard]] boost::json::value finish(const boost::json::value& value, const Path& path, std::set<std::string>& deferred);

/// Calls `visit` with each reference below `value`, and `report` for each template that cannot be read.
void for_each_reference(const boost::json::value& value, const Path& path,
                        const std::function<void(const Path&, const Reference&)>& visit, const ReportFault& report);

/// The part of `value` at `path`; nullptr if it is not there.
[[nodiscard]] const boost::json::value* find(const boost::json::value& value, const Path& path);

/// What a reference names, if it is one to an item or a result; nothing for a parameter. Fails with JF_E_CONFIG if that
/// is not there.
struct ScopeView {
    const boost::json::value* item;
    std::size_t item_index;
    const boost::json::object* results;
};
[[nodiscard]] Result<std::optional<boost::json::value>> look_up(const Reference& reference, const ScopeView& scope);

} // namespace jackfield
