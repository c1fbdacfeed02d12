// The task "checks": the quality gate, over rows that pass by or over a table.
#include "checks.hpp"

#include <jackfield/sdk.hpp>

namespace jackfield::checks {

/// One thread at a time.
class Checks final : public sdk::Task {
public:
    static sdk::Options options() { return Rules::options(); }

    static Result<sdk::Description> describe(const sdk::Config& config)
    {
        JF_ASSIGN(const Rules rules, Rules::read(config));
        sdk::Description out;
        if (!rules.table.empty()) {
            out.capabilities = JF_IS_ACTION | JF_IDEMPOTENT;
            out.sentence = "asks table " + rules.table + " " + std::to_string(rules.rules.size()) + " questions";
            return out;
        }
        out.capabilities = JF_IS_STEP | JF_DETERMINISTIC;
        out.sentence = std::to_string(rules.rules.size()) + (rules.rules.size() == 1 ? " rule" : " rules");
        if (rules.any_of_whole()) {
            out.capabilities |= JF_WHOLE_INPUT;
            out.state_scope = JF_STATE_FLOW;
            out.sentence += ", some about the whole";
        }
        return out;
    }

    static Result<std::unique_ptr<Checks>> make(const sdk::Config& config, sdk::Host host)
    {
        JF_ASSIGN(Rules rules, Rules::read(config));
        return std::make_unique<Checks>(std::move(rules), host);
    }
    Checks(Rules rules, sdk::Host host) : rules_(std::move(rules)), host_(host) {}

    Result<std::unique_ptr<sdk::Step>> open(const sdk::Call&, const sdk::Scope&) override { return make_step(rules_, host_); }
    Result<std::string> run(const sdk::Call& call, const sdk::Scope&, std::uint32_t) override { return check_table(rules_, host_, call); }

private:
    Rules rules_;
    sdk::Host host_;
};

} // namespace jackfield::checks

JACKFIELD_PLUGIN("checks", "0.1.0", "Jackfield", "Apache-2.0",
    jackfield::sdk::task<jackfield::checks::Checks>("checks", "Checks rows or tables against rules",
        "As a step it looks at each row; rows that break a rule stop the task, are warned of, or go to quarantine. Rules about "
        "the whole (unique, row_count, freshness) make the load one epoch: nothing is visible before they pass. With 'table' "
        "it asks a table, as a task of its own or as a gate before the commit."))
