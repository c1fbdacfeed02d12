// JsonBody: finding one's way in a JSON answer without taking it apart: values stay the text that they were sent as.
#pragma once

#include "support/decode/json_columns.hpp"
#include "support/decode/json_index.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::http {

/// The steps of "data.items", or of the JSON Pointer "/data/items" where names hold dots.
[[nodiscard]] std::vector<std::string> path_steps(std::string_view path);

/// A JSON text that was checked as a whole. One thread at a time; movable.
class JsonBody {
public:
    /// JF_E_DATA if `text` is no JSON (RFC 8259, UTF-8), or nested deeper than `max_depth`; says what it is instead.
    [[nodiscard]] static Result<JsonBody> read(std::string text, int max_depth);

    /// The value at `path` as it stands there; nullopt: nothing is.
    [[nodiscard]] std::optional<std::string_view> at(std::string_view path) const;
    /// What leads on to the next page: text or a number; nullopt: nothing, null, false or "". JF_E_DATA for others.
    [[nodiscard]] Result<std::optional<std::string>> scalar(std::string_view path) const;
    /// The records at `path`: an array of objects, or one object, as text that JsonDecoder reads; "[]" for null. With a
    /// `separator`, objects inside of them become fields of their own. JF_E_DATA names what is there where `path` is not.
    [[nodiscard]] Result<std::string> records(std::string_view path, const std::optional<std::string>& separator) const;

private:
    struct Place {
        std::size_t first = 0, next = 0; // tokens
    };
    JsonBody() = default;
    [[nodiscard]] files::JsonTokens tokens() const { return {text_.data(), index_.places(), static_cast<std::uint32_t>(size_)}; }
    [[nodiscard]] std::optional<Place> find(const std::vector<std::string>& steps, std::size_t& taken) const;
    [[nodiscard]] std::optional<Place> member(std::size_t object, std::string_view name) const;
    [[nodiscard]] std::optional<Place> element(std::size_t array, std::string_view number) const;
    [[nodiscard]] std::string names_in(std::size_t object) const;
    [[nodiscard]] std::string flattened(const Place& place, const std::string& separator) const;
    void flatten(std::size_t object, const std::string& prefix, std::string_view separator, std::string& out) const;

    std::string text_; // with room behind it, as JsonIndex wants
    std::size_t size_ = 0;
    files::JsonIndex index_;
};

/// Each line of NDJSON with objects inside of it as fields of their own; what is no JSON stays as it is.
[[nodiscard]] std::string flatten_lines(std::string_view text, const std::string& separator, int max_depth);

} // namespace jackfield::http
