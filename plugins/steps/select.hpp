// The step 'select': choose, rename, cast and drop columns.
#pragma once

#include <jackfield/sdk.hpp>

#include <optional>

namespace jackfield::steps {

/// One column of the output.
struct Chosen {
    std::string name, from;
    std::optional<DataType> type; ///< to cast to
};

/// Without casts nothing is copied and DuckDB is not loaded.
class Select final : public sdk::Task {
public:
    static constexpr std::uint64_t faces = JF_IS_STEP | JF_DETERMINISTIC;
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<Select>> make(const sdk::Config& config, sdk::Host host);

    Select(std::vector<Chosen> columns, std::vector<std::string> drop) : columns_(std::move(columns)), drop_(std::move(drop)) {}
    Result<std::unique_ptr<sdk::Step>> open(const sdk::Call& call, const sdk::Scope& scope) override;

private:
    std::vector<Chosen> columns_;
    std::vector<std::string> drop_;
};

} // namespace jackfield::steps
