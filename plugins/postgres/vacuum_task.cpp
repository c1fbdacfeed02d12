// The task 'postgres.vacuum'.
#include "vacuum_task.hpp"

#include "refresh_task.hpp"

namespace jackfield::postgres {

sdk::Options VacuumTask::options()
{
    auto out = sdk::Options()
        .text("table", "the table")
        .texts("tables", "several; neither: every table of the database that the user may vacuum")
        .boolean("analyze", "gather the planner's statistics too", true)
        .boolean("full", "write the tables anew, without gaps; nobody can use them meanwhile", false)
        .boolean("freeze", "mark all rows as old enough for every transaction", false)
        .boolean("skip_locked", "leave tables out that somebody has locked", false)
        .integer("parallel", "workers for the indexes of a table; 0: none", {.minimum = 0, .maximum = 1024});
    return add_limits(out);
}

sdk::Description VacuumTask::describe(const sdk::Config& config)
{
    return {.capabilities = JF_IS_ACTION | JF_IDEMPOTENT, .sentence = config.boolean("full") ? "writes the tables anew; nobody can use them meanwhile" : "frees the room of dead rows"};
}

Result<std::unique_ptr<VacuumTask>> VacuumTask::make(const sdk::Config& config, sdk::Host host, PostgresConnection* on)
{
    JF_ASSIGN(std::vector<Name> tables, read_names(config, "table", "tables"));
    if (config.boolean("full") && config.has("parallel"))
        return fail(JF_E_CONFIG, "a full vacuum has no parallel workers; leave 'parallel' out", "parallel");
    return std::make_unique<VacuumTask>(config, host, on, std::move(tables));
}

std::string VacuumTask::words() const
{
    std::string out;
    const auto add = [&](bool wanted, const std::string& word) { out += wanted ? (out.empty() ? "" : ", ") + word : ""; };
    add(config_.type("analyze") == JF_JSON_ABSENT || config_.boolean("analyze"), "ANALYZE");
    add(config_.boolean("full"), "FULL");
    add(config_.boolean("freeze"), "FREEZE");
    add(config_.boolean("skip_locked"), "SKIP_LOCKED");
    add(config_.has("parallel"), "PARALLEL " + std::to_string(config_.integer("parallel")));
    return out.empty() ? "" : "(" + out + ") ";
}

Result<std::string> VacuumTask::run(const sdk::Call& call, const sdk::Scope&, std::uint32_t)
{
    JF_ASSIGN(const Lease session, on_.lend(call, Role::primary));
    JF_ASSIGN(const auto outside, OutsideTransaction::make(*session, call, limits_, on_));
    std::string tables;
    std::vector<std::string> names;
    for (const Name& table : tables_) {
        tables += (tables.empty() ? "" : ", ") + table.quoted();
        names.push_back(table.text());
    }
    JF_TRY(session->execute(call, "VACUUM " + words() + tables));
    const std::vector<std::string> notices = session->take_notices(); // "skipping …: only its owner can vacuum it"
    for (const std::string& notice : notices)
        host_.warn(notice);
    return "{\"tables\":" + (names.empty() ? "null" : texts_as_json(names)) + ",\"notices\":" + texts_as_json(notices) + "}";
}

} // namespace jackfield::postgres
