// JsonDecoder: NDJSON, JSON arrays and objects one after another into typed Arrow batches.
#pragma once

#include "decoder.hpp"
#include "json_columns.hpp"
#include "json_index.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::files {

/// How a JSON file is to be read. Value.
struct JsonOptions {
    bool lines = true;                   ///< one object a line; else an array of objects, or objects one after another
    std::vector<DeclaredColumn> columns; ///< if there are any: only these
    std::uint64_t sample_rows = 1000;    ///< records from which the schema is inferred
    std::optional<UnknownField> unknown; ///< without: refuse if inferred, ignore if declared
};

/// Where the records of a piece of text are: [start, end). Value.
struct JsonSpan {
    std::uint32_t start, end;
};

/// Finds the objects at the top of JSON text, across pieces. One thread at a time.
class JsonSplitter {
public:
    /// Adds the records that end in `text`, which starts behind the last of them. `done`: how much is theirs. Empty, or what is wrong.
    [[nodiscard]] std::string split(std::string_view text, bool at_end, std::vector<JsonSpan>& spans, std::size_t& done);

    /// As it is right after a record.
    [[nodiscard]] JsonSplitter after_record() const
    {
        JsonSplitter out;
        out.state_ = state_ == State::objects ? State::objects : State::behind;
        return out;
    }

private:
    enum class State : std::uint8_t { start, before_first, before_next, behind, objects, end };
    State state_ = State::start;
};

/// Reads JSON. One thread at a time.
class JsonDecoder final : public Decoder {
public:
    JsonDecoder(std::unique_ptr<Window> window, JsonOptions options, std::string name);

    [[nodiscard]] Result<InputState> start(const std::optional<Schema>& known) override;
    [[nodiscard]] Status resume(const Schema& known, std::uint64_t line) override;
    [[nodiscard]] const Schema& schema() const override { return builder_->schema(); }
    [[nodiscard]] Result<ReadState> read(const ReadLimits& limits, const OnBadRecord& on_bad, OwnedArray& out) override;
    [[nodiscard]] std::uint64_t line() const override { return line_; }
    [[nodiscard]] Window& window() override { return *window_; }

private:
    [[nodiscard]] Result<InputState> split_more();
    [[nodiscard]] Status split();
    [[nodiscard]] Schema infer() const;
    [[nodiscard]] Status set_schema(Schema schema);
    [[nodiscard]] Status decode(std::size_t count, const OnBadRecord& on_bad);
    [[nodiscard]] Status decode_one_by_one(std::size_t count, const OnBadRecord& on_bad);
    [[nodiscard]] Status decode_spans(std::size_t first, std::size_t count, std::uint32_t from, const OnBadRecord& on_bad);
    [[nodiscard]] Status refuse(std::size_t span, const JsonFault& fault, const OnBadRecord& on_bad);
    [[nodiscard]] std::size_t spans_within(const ReadLimits& limits) const;
    [[nodiscard]] std::size_t span_end(std::size_t span) const;
    void take_spans(std::size_t count);
    [[nodiscard]] const char* split_text() const { return window_->text() - split_shift_; }

    std::unique_ptr<Window> window_;
    JsonOptions options_;
    std::string name_;
    JsonSplitter splitter_, next_splitter_; // as it stands at text(), and once all spans were taken
    JsonIndex index_;
    std::vector<JsonSpan> spans_;
    std::size_t next_span_ = 0;
    std::size_t split_shift_ = 0; // how far text() has moved since the split
    std::size_t split_end_ = 0;   // what the spans and what is between them cover
    std::uint64_t line_ = 1;
    bool skipped_bom_ = false;
    std::optional<BatchBuilder> builder_;
    std::optional<JsonColumns> columns_;
};

} // namespace jackfield::files
