// Url: an address, taken apart and put together by libcurl's own parser, so that what is checked is what is asked.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <string>
#include <string_view>

namespace jackfield::http {

/// An http or https address without user, password and fragment. Value.
class Url {
public:
    Url() = default;
    /// JF_E_CONFIG if `text` is no such address, or holds a user or password.
    [[nodiscard]] static Result<Url> parse(std::string_view text);
    /// The address that `reference` means where it stands in an answer from this one: relative, or whole. JF_E_DATA.
    [[nodiscard]] Result<Url> resolve(std::string_view reference) const;
    /// `path` behind this address, with one slash between them; it may bring a query of its own. Empty: the same.
    [[nodiscard]] Result<Url> below(std::string_view path) const;
    /// With one more query parameter, escaped.
    [[nodiscard]] Url with(std::string_view name, std::string_view value) const;

    [[nodiscard]] const std::string& text() const { return text_; }
    /// For messages: without the query, which may hold what is nobody's business.
    [[nodiscard]] std::string shown() const { return text_.substr(0, text_.find('?')); }
    [[nodiscard]] const std::string& host() const { return host_; }
    /// Scheme, host and port: credentials are for one origin only.
    [[nodiscard]] const std::string& origin() const { return origin_; }
    [[nodiscard]] bool secure() const { return origin_.rfind("https:", 0) == 0; }

private:
    std::string text_, host_, origin_;
};

/// `text` with everything but letters, digits and -._~ as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace jackfield::http
