// FileSource: the source "files".
#pragma once

#include "position.hpp"
#include "settings.hpp"

#include <jackfield/sdk/host.hpp>
#include <jackfield/sdk/plugin.hpp>
#include <jackfield/sdk/source.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace jackfield::files {

/// Reads CSV, NDJSON, JSON and Parquet files.
class FileSource final : public sdk::Source {
public:
    static sdk::Options options() { return input_options(); }
    static Result<std::unique_ptr<FileSource>> make(const sdk::Config& config, sdk::Host host);
    static Result<sdk::Description> describe(const sdk::Config& config);

    explicit FileSource(InputSettings settings) : settings_(std::move(settings)) {}

    Result<std::unique_ptr<sdk::Reader>> open(const sdk::Call& call, const sdk::ReadRequest& request) override;
    Result<std::vector<std::string>> partitions(const sdk::Call& call) override;
    /// Findings as JSON: is the file there, can it be read?
    Result<std::string> check(const sdk::Call& call);

private:
    [[nodiscard]] Result<std::optional<Schema>> settle(const std::vector<std::string>& files);

    InputSettings settings_;
    std::optional<Schema> known_; // of the first file; all others must have it
};

/// A decoder for `format` over an open file; `start`: where the file descriptor is to begin.
[[nodiscard]] Result<std::unique_ptr<Decoder>> make_decoder(const InputSettings& settings, Descriptor fd, const std::string& name, Member start, KeepWaiting keep_waiting);

/// Reads the files of one partition one after another. One thread at a time.
class FileReader final : public sdk::Reader {
public:
    FileReader(InputSettings settings, std::vector<std::string> files, std::optional<Schema> known, std::optional<Mark> from, std::optional<Mark> until);

    Result<Schema> schema(const sdk::Call& call) override;
    Result<sdk::Next> next(const sdk::Call& call, const sdk::Limits& limits, sdk::BatchOut& out) override;
    /// Checks that the file of `from` is what it was.
    [[nodiscard]] Status begin();

private:
    [[nodiscard]] Status open_file();
    [[nodiscard]] Result<InputState> start(const sdk::Call& call);
    [[nodiscard]] Status skip_text(std::uint64_t bytes);
    [[nodiscard]] Result<std::string> position();

    InputSettings settings_;
    std::vector<std::string> files_;
    std::size_t file_ = 0;
    std::optional<Schema> known_;
    std::optional<Mark> from_, until_;
    FileIdentity identity_;
    int fd_ = -1; // of the decoder's input
    std::unique_ptr<Decoder> decoder_;
    bool started_ = false;
    std::uint64_t bytes_before_ = 0;
    const sdk::Call* call_ = nullptr; // of the call in progress
    int waits_ = 0;
};

} // namespace jackfield::files
