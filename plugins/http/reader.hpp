// HttpReader: asks for page after page, and hands out what is new in them.
#pragma once

#include "exchange.hpp"
#include "page.hpp"
#include "pager.hpp"
#include "position.hpp"

#include "support/rows.hpp"

namespace jackfield::http {

/// Reads one run. One thread at a time, but interrupt().
class HttpReader final : public sdk::Reader {
public:
    /// `on` outlives it. `from`: where an earlier run ended, or stopped.
    HttpReader(SourceSettings settings, HttpConnection& on, HttpPosition from, std::optional<HttpPosition> until);

    /// JF_E_POSITION, JF_E_CONFIG.
    [[nodiscard]] Status begin();
    Result<Schema> schema(const sdk::Call& call) override;
    Result<sdk::Next> next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out) override;
    void interrupt() override { ++stops_; }

private:
    [[nodiscard]] Result<Url> first_url() const;
    [[nodiscard]] Outgoing request() const;
    [[nodiscard]] Result<bool> load(const sdk::Call& call, std::int64_t until_ns);
    [[nodiscard]] Status came(Answer answer);
    [[nodiscard]] Status check_validator(const Answer& answer);
    [[nodiscard]] Status open_page(const Answer& answer, std::string text);
    [[nodiscard]] Result<bool> read(const sdk::Limits& limits, sdk::BatchOut& out);
    [[nodiscard]] Status turn_page();
    [[nodiscard]] std::uint64_t rows_left(std::uint64_t most) const;
    [[nodiscard]] bool counts_in_pages() const;
    [[nodiscard]] std::string position() const;
    [[nodiscard]] std::string last_position() const;

    [[nodiscard]] Status read_values(const ColumnView& column, const sdk::Rejects& rejects, std::vector<CursorValue>& values, std::vector<bool>& there) const;
    [[nodiscard]] Result<bool> is_new(const CursorValue& value, std::uint64_t digest);
    [[nodiscard]] Status keep_new(OwnedArray& array, const sdk::Rejects& rejects);
    [[nodiscard]] Result<std::vector<std::uint64_t>> digests(const BatchView& batch, const std::vector<CursorValue>& values, const std::vector<bool>& there);
    [[nodiscard]] Status remember(const std::vector<CursorValue>& values, const std::vector<std::uint64_t>& digests, const std::vector<RowRun>& kept);

    SourceSettings settings_;
    HttpConnection& on_;
    HttpPosition from_;
    std::optional<HttpPosition> until_;
    std::optional<Pager> pager_;
    std::optional<Exchange> exchange_;
    std::optional<Page> page_;
    std::optional<Schema> schema_;
    std::atomic<unsigned> stops_{0};
    bool asks_if_changed_ = false;
    bool first_page_ = true; // of this reader
    bool over_ = false;      // no page follows
    bool told_end_ = false;
    std::uint64_t pages_ = 0, bytes_ = 0;
    Validator validator_; // of the first page of this run

    std::size_t field_ = 0; // the cursor's column
    CursorMark base_, seen_;
    std::vector<std::uint64_t> base_left_, until_left_; // digests not met yet
    std::optional<CursorValue> last_; // of the row before, to see that rows are ordered
};

} // namespace jackfield::http
