// Path: where a value is within a JSON document, from the outside in.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace jackfield {

/// Value.
class Path {
public:
    using Step = std::variant<std::string, std::size_t>;

    Path() = default;
    Path(std::initializer_list<std::string_view> keys);

    [[nodiscard]] Path operator/(std::string_view key) const;
    [[nodiscard]] Path operator/(std::size_t index) const;
    [[nodiscard]] Path operator/(const Path& inner) const;

    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] bool empty() const { return steps_.empty(); }

    /// "tasks.land.steps[0].use"; a key that is no plain word stands in brackets: columns["a b"].
    [[nodiscard]] std::string dotted() const;
    /// RFC 6901: "/tasks/land/steps/0/use".
    [[nodiscard]] std::string pointer() const;
    /// The reverse of dotted(). What cannot be read is taken as a key as it stands.
    [[nodiscard]] static Path from_dotted(std::string_view text);
    /// The reverse of pointer(); "0" is taken as an index.
    [[nodiscard]] static Path from_pointer(std::string_view text);

    friend bool operator==(const Path&, const Path&) = default;

private:
    std::vector<Step> steps_;
};

} // namespace jackfield
