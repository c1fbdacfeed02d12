// FileSink: the sink "files".
#pragma once

#include "settings.hpp"

#include <jackfield/sdk/host.hpp>
#include <jackfield/sdk/plugin.hpp>
#include <jackfield/sdk/sink.hpp>

#include <memory>

namespace jackfield::files {

/// Writes CSV, NDJSON, JSON and Parquet files.
class FileSink final : public sdk::Sink {
public:
    static sdk::Options options() { return output_options(); }
    static Result<std::unique_ptr<FileSink>> make(const sdk::Config& config, sdk::Host host);
    static Result<sdk::Description> describe(const sdk::Config& config);

    explicit FileSink(OutputOptions options) : options_(std::move(options)) {}

    Result<std::unique_ptr<sdk::Writer>> open(const sdk::Call& call, const sdk::WriteRequest& request) override;

private:
    OutputOptions options_;
};

/// Glue between Output and the SDK. One thread at a time.
class FileWriter final : public sdk::Writer {
public:
    FileWriter(const OutputOptions& options, const sdk::WriteRequest& request);
    ~FileWriter() override { output_.keep_waiting({}); }

    Result<sdk::Acquired> acquire(const sdk::Call& call, std::string_view source, std::string_view partition) override;
    Status schema(const sdk::Call& call, const Schema& schema) override;
    Result<sdk::Outcome> write(const sdk::Call& call, std::uint64_t number, OwnedArray batch, const sdk::Rejects& rejects) override;
    Result<sdk::Outcome> commit(const sdk::Call& call, const sdk::Commit& commit, const sdk::Rejects& rejects) override;
    Status abort(const sdk::Call& call) override;

private:
    void wait_with(const sdk::Call& call);
    Output output_;
};

} // namespace jackfield::files
