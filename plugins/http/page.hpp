// Page: one answer as records, decoded batch by batch.
#pragma once

#include "body.hpp"
#include "settings.hpp"

#include "support/decode/decoder.hpp"

#include <jackfield/sdk/call.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace jackfield::http {

/// The records of a body. One thread at a time.
class Page {
public:
    /// Makes the decoder and settles the schema: `known`, or as declared and inferred. `text`: records as the format has
    /// them. `name`: for messages. JF_E_DATA if there is nothing to take columns from.
    [[nodiscard]] static Result<Page> open(const SourceSettings& settings, std::string text, const std::string& name, const std::optional<Schema>& known);

    /// On a page that was read in part: so many records were handed out, and refused.
    [[nodiscard]] Status skip(std::uint64_t good, std::uint64_t bad);
    /// The next rows. false: there are no more. Records that do not fit go to `rejects`.
    [[nodiscard]] Result<bool> read(const files::ReadLimits& limits, const sdk::Rejects& rejects, OwnedArray& out);
    [[nodiscard]] std::uint64_t good() const { return good_; }
    [[nodiscard]] std::uint64_t bad() const { return bad_; }
    [[nodiscard]] const Schema& schema() const { return schema_; }

private:
    Page() = default;
    std::unique_ptr<files::Decoder> decoder_; // nullptr: an empty body
    std::string name_;
    Schema schema_;
    std::uint64_t good_ = 0, bad_ = 0, known_bad_ = 0;
};

} // namespace jackfield::http
