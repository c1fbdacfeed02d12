// Answer: what a server said, and the readings of its headers: links, waiting times, content codings.
#pragma once

#include <jackfield/sdk/result.hpp>

#include "url.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace jackfield::http {

/// A whole answer. Value.
struct Answer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers; ///< names in lower case, in the order sent
    std::string body;         ///< content codings undone
    std::uint64_t bytes = 0;  ///< of the body as it came
    Url url;                  ///< from where, after redirects

    /// The first header of that name (lower case); nullptr: none.
    [[nodiscard]] const std::string* header(std::string_view name) const;
};

/// The address that the Link headers (RFC 8288) name with rel="next", as it stands there; nullopt: none.
[[nodiscard]] std::optional<std::string> next_link(const Answer& answer);
/// Nanoseconds that a Retry-After header asks to wait: seconds, or an HTTP date held against `now` (seconds since 1970);
/// nullopt: none, or not to be understood.
[[nodiscard]] std::optional<std::int64_t> retry_after_ns(std::string_view header, std::int64_t now);
/// Undoes gzip, deflate and zstd, named as in Content-Encoding. JF_E_UNAVAILABLE if the data ends early or is damaged (the
/// next answer may be whole), JF_E_DATA beyond `most` bytes or for an unknown coding.
[[nodiscard]] Result<std::string> decoded_body(std::string body, std::string_view codings, std::size_t most);
/// What an error's body says, for a message: its first words on one line, without any of `hidden`.
[[nodiscard]] std::string said(const Answer& answer, const std::vector<std::string>& hidden);
/// Class of a status that is no success.
[[nodiscard]] jf_status class_of(int status);
/// Whether asking again may help: 408, 425, 429, 500, 502, 503, 504 and unknown ones from 500 on.
[[nodiscard]] bool worth_repeating(int status);

} // namespace jackfield::http
