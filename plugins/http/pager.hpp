// Pager: which page is asked for, and which one comes next.
#pragma once

#include "answer.hpp"
#include "body.hpp"
#include "settings.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>

namespace jackfield::http {

/// Walks from page to page. A page is named by a short text: its number, its cursor, its address; "" is the first one. One
/// thread at a time.
class Pager {
public:
    Pager(PagingSettings settings, Url first);

    /// Goes to that page. JF_E_POSITION if the text names none.
    [[nodiscard]] Status go_to(const std::string& name);
    [[nodiscard]] const std::string& page() const { return name_; }
    /// The address of the page.
    [[nodiscard]] const Url& url() const { return url_; }
    /// The page has come. `body`: its JSON, nullptr for other formats. JF_E_DATA if the way on cannot be read.
    [[nodiscard]] Status came(const Answer& answer, const JsonBody* body);
    /// It had so many records, good and bad. true: another page follows, and this is it now. JF_E_DATA for a circle.
    [[nodiscard]] Result<bool> advance(std::uint64_t records);

private:
    [[nodiscard]] Result<Url> url_of(const std::string& name) const;
    [[nodiscard]] Result<bool> move_to(std::string name);

    PagingSettings settings_;
    Url first_, url_;
    std::string name_;
    std::optional<std::string> next_;     // cursor, link, next: as the answer names it
    std::optional<bool> more_;            // as the body says
    std::uint64_t body_digest_ = 0, last_digest_ = 0;
    std::int64_t pages_ = 0;
    std::unordered_set<std::uint64_t> seen_; // digests of names
};

} // namespace jackfield::http
