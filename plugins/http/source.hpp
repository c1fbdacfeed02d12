// The source 'http': rows of an API.
#pragma once

#include "reader.hpp"

namespace jackfield::http {

/// Opens readers.
class HttpSource final : public sdk::Source {
public:
    using On = HttpConnection;
    static constexpr const char* connection = connection_id;
    static sdk::Options options() { return source_options(); }
    static Result<sdk::Description> describe(const sdk::Config& config, const sdk::Config* connection);
    static Result<std::unique_ptr<HttpSource>> make(const sdk::Config& config, sdk::Host host, HttpConnection* on);

    HttpSource(SourceSettings settings, HttpConnection& on) : settings_(std::move(settings)), on_(on) {}
    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call& call, const sdk::ReadRequest& request) override;
    /// Findings as JSON: does the first page come, and has it the records and columns that the options name?
    Result<std::string> check(const sdk::Call& call);

private:
    SourceSettings settings_;
    HttpConnection& on_;
};

} // namespace jackfield::http
