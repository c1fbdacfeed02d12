// Position: where a source goes on. Written in front of each batch's commit, read by the next run.
#pragma once

#include "cursor.hpp"

#include <jackfield/sdk/arrow/schema.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace jackfield::http {

/// What tells an answer from a later one. Value.
struct Validator {
    std::string etag, modified;
    std::uint64_t url = 0; ///< digest of the address

    [[nodiscard]] bool empty() const { return etag.empty() && modified.empty(); }
    bool operator==(const Validator&) const = default;
};

/// Value.
struct HttpPosition {
    bool ended = false;         ///< the run came to its end: the next one looks for what is new
    bool in_page = false;       ///< `page`, `good` and `bad` say where
    std::string page;           ///< as Pager names it
    std::uint64_t good = 0, bad = 0; ///< records of it that were handed out, and refused
    CursorMark base;            ///< what the parameter and the leaving out go by
    CursorMark seen;            ///< what this run has delivered beyond that, while rows come in no order
    Validator validator;
    std::optional<Schema> schema; ///< as the first run settled it

    static constexpr char format = '\3';
    /// Format byte, members, digest. A schema or validator that is too long for a position is left out.
    [[nodiscard]] std::string bytes() const;
    /// JF_E_POSITION if the bytes were not made by bytes().
    [[nodiscard]] static Result<HttpPosition> parse(std::string_view bytes);
};

} // namespace jackfield::http
