// The sink 'http': rows of an epoch as requests, at its commit.
#pragma once

#include "exchange.hpp"

#include "support/decode/encode.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::http {

/// Opens writers; one writes at a time.
class HttpSink final : public sdk::Sink {
public:
    using On = HttpConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options() { return sink_options(); }
    static Result<sdk::Description> describe(const sdk::Config& config, const sdk::Config* connection);
    static Result<std::unique_ptr<HttpSink>> make(const sdk::Config& config, sdk::Host host, HttpConnection* on);

    HttpSink(SinkSettings settings, HttpConnection& on) : settings_(std::move(settings)), on_(on) {}
    Result<std::unique_ptr<sdk::Writer>> open(const sdk::Call& call, const sdk::WriteRequest& request) override;

private:
    SinkSettings settings_;
    HttpConnection& on_;
};

/// The key of a request: the same whenever these rows of this epoch are sent again, another one for other rows.
/// `scope`: flow, task, slice and generation; `first`: number of its first row in the epoch.
[[nodiscard]] std::string request_key(std::string_view scope, std::uint64_t epoch, std::uint64_t first, std::uint64_t rows, std::string_view body);

/// Keeps the rows of an epoch as text and sends them at its commit. One thread at a time, but interrupt().
class HttpWriter final : public sdk::Writer {
public:
    HttpWriter(SinkSettings settings, HttpConnection& on, std::string scope);

    Status schema(const sdk::Call& call, const Schema& schema) override;
    Result<sdk::Outcome> write(const sdk::Call& call, std::uint64_t number, OwnedArray batch, const sdk::Rejects& rejects) override;
    Result<sdk::Outcome> commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects) override;
    Status abort(const sdk::Call& call) override;
    void interrupt() override { ++stops_; }

private:
    struct Row {
        std::size_t start, end; // in text_
        std::uint64_t write;
        std::int64_t row;
    };
    /// Rows [first, last) of the epoch.
    struct Span {
        std::size_t first, last;
    };
    [[nodiscard]] Span next_request(std::size_t first) const;
    [[nodiscard]] std::string body_of(const Span& span) const;
    [[nodiscard]] Status send(const sdk::Call& call, const Span& span, const sdk::Rejects& rejects);
    [[nodiscard]] Result<Answer> post(const sdk::Call& call, const Span& span);
    [[nodiscard]] Status refused(const sdk::Call& call, const Span& span, const Answer& answer, const sdk::Rejects& rejects);
    void forget();

    SinkSettings settings_;
    HttpConnection& on_;
    std::string scope_;
    std::atomic<unsigned> stops_{0};
    std::unique_ptr<files::Encoder> encoder_;
    std::string text_;
    std::vector<Row> rows_;
    std::uint64_t epoch_ = 0;
    std::uint64_t rejected_ = 0;
    std::string body_; // of the request on its way
    Error refusal_;    // of the last one that was refused
};

} // namespace jackfield::http
