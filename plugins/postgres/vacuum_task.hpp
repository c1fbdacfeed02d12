// The task 'postgres.vacuum'.
#pragma once

#include "task_support.hpp"

namespace jackfield::postgres {

/// Vacuums, and analyzes, some tables or the whole database. Does no harm when it is repeated.
class VacuumTask final : public PostgresTask {
public:
    VacuumTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, std::vector<Name> tables)
        : PostgresTask(config, host, on), tables_(std::move(tables))
    {
    }
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<VacuumTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    [[nodiscard]] std::string words() const;

    std::vector<Name> tables_;
};

} // namespace jackfield::postgres
