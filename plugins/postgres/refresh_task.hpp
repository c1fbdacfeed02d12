// The task 'postgres.refresh': materialized views brought up to date.
#pragma once

#include "task_support.hpp"

namespace jackfield::postgres {

/// Refreshes one view or several, each in a transaction of its own, a view after those that it reads from. Concurrently,
/// which leaves it readable, where the view allows it; otherwise plainly, which says so in log and result.
class RefreshTask final : public PostgresTask {
public:
    RefreshTask(const sdk::Config& config, sdk::Host host, PostgresConnection* on, std::vector<Name> views)
        : PostgresTask(config, host, on), views_(std::move(views))
    {
    }
    static sdk::Options options();
    static sdk::Description describe(const sdk::Config& config);
    static Result<std::unique_ptr<RefreshTask>> make(const sdk::Config& config, sdk::Host host, PostgresConnection* on);

    Result<std::string> run(const sdk::Call& call, const sdk::Scope& scope, std::uint32_t attempt) override;

private:
    /// A materialized view of the server. Value.
    struct View {
        std::string oid;
        Name name;
        std::string obstacle; ///< why it cannot be refreshed concurrently; empty: it can
    };
    Result<View> find(const sdk::Call& call, Session& session, const Name& name) const;
    Result<std::vector<View>> in_order(const sdk::Call& call, Session& session, std::vector<View> views) const;
    Result<std::string> refresh(const sdk::Call& call, Session& session, const View& view) const;

    std::vector<Name> views_;
};

/// Names in one or both of two options, "view" and "views" for example. JF_E_CONFIG: none, or one is no name.
Result<std::vector<Name>> read_names(const sdk::Config& config, const std::string& one, const std::string& several);

} // namespace jackfield::postgres
