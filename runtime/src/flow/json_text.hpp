// JsonText: a JSON text, its value, and where in the text each part of the value stands.
#pragma once

#include "path.hpp"

#include <jackfield/runtime/fault.hpp>

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

struct JsonLimits {
    std::size_t bytes = 16U << 20U;
    std::size_t depth = 64;
    std::size_t faults = 100; ///< repeated names reported at most
};

/// Value; immutable after parse().
class JsonText {
public:
    enum class Part { key, value };

    struct Reading;

    /// Strict JSON (RFC 8259) in UTF-8; a byte order mark is passed over. Faults: one of syntax, or all repeated names.
    /// `file` is only a name. Never throws, whatever the text.
    [[nodiscard]] static Reading parse(std::string_view text, std::string file, const JsonLimits& limits = {});

    [[nodiscard]] const boost::json::value& value() const { return value_; }
    [[nodiscard]] const std::string& file() const { return file_; }

    /// A fault at this place; if the path leads out of the document, at the last part of it that is there. `shown_path`
    /// is what the fault shows, by default `path` itself.
    [[nodiscard]] Fault fault(const Path& path, std::string message, Part part = Part::value,
                              std::optional<std::string> shown_path = {}) const;

private:
    friend class JsonScanner;

    static constexpr std::uint32_t none = 0xFFFFFFFF;

    /// One value. Children are linked: the document is walked only to report faults.
    struct Node {
        std::string key; // in an object
        std::uint32_t key_offset = none;
        std::uint32_t value_offset = 0;
        std::uint32_t first_child = none;
        std::uint32_t next = none;
    };

    [[nodiscard]] std::uint32_t child(std::uint32_t node, const Path::Step& step) const;

    std::string text_;
    std::string file_;
    boost::json::value value_;
    std::vector<Node> nodes_; // nodes_[0] is the whole
};

struct JsonText::Reading {
    std::optional<JsonText> text; ///< there when the syntax is good, even with repeated names
    std::vector<Fault> faults;
};

/// Line and column (from 1, column in characters) of a byte of UTF-8 text.
struct TextPlace {
    std::uint32_t line;
    std::uint32_t column;
};
[[nodiscard]] TextPlace place_in(std::string_view text, std::size_t offset);

/// Offset of the first byte that is not part of well-formed UTF-8 (no surrogates, no overlong forms), or npos.
[[nodiscard]] std::size_t first_bad_utf8(std::string_view text);

} // namespace jackfield
