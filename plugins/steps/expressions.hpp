// The steps 'filter' and 'derive': expressions of SQL over each row.
#pragma once

#include "evaluate.hpp"

namespace jackfield::steps {

/// Keeps the rows for which `where` is true.
class Filter final : public sdk::Task {
public:
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    Filter(const sdk::Config& config, sdk::Host) : where_(config.text("where")) {}
    Result<std::unique_ptr<sdk::Step>> open(const sdk::Call& call, const sdk::Scope& scope) override;

private:
    std::string where_;
};

/// Adds columns, or puts others in their place. Expressions see the columns of the input, not each other's.
class Derive final : public sdk::Task {
public:
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    Derive(const sdk::Config& config, sdk::Host);
    Result<std::unique_ptr<sdk::Step>> open(const sdk::Call& call, const sdk::Scope& scope) override;

private:
    std::vector<Expression> columns_;
};

} // namespace jackfield::steps
