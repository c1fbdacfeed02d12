// The table of guarantees. The weakest link decides; each line of the table is one function below.
#include "plan/delivery.hpp"

namespace jackfield {

namespace {

/// The first step that may answer otherwise when it is given the same rows again; empty: none.
std::string uncertain_step(const std::vector<ComponentPlan>& steps)
{
    for (const ComponentPlan& step : steps)
        if (!step.description.can(JF_DETERMINISTIC))
            return step.component.use;
    return {};
}

/// The source cannot repeat what it read.
DeliveryPlan without_replay(const ComponentPlan& source, const ComponentPlan& sink)
{
    const Description& from = source.description;
    const Description& to = sink.description;
    if (from.can(JF_INCREMENTAL)) {
        const TokenPlace place = to.can(JF_CAN_STORE_TOKEN) ? TokenPlace::sink : TokenPlace::state_store;
        if (to.can(JF_IDEMPOTENT))
            return {place, Guarantee::effectively_once, sink.component.use + " takes a row again without a change, and " + source.component.use + " goes on near its last position", false};
        return {place, Guarantee::at_least_once, source.component.use + " goes on near its last position but cannot repeat exactly the rows after it", false};
    }
    if (!from.can(JF_BOUNDED))
        return {TokenPlace::nowhere, Guarantee::at_most_once, source.component.use + " cannot be read again, so rows that were read but not committed are lost when a run stops", false};
    if (to.can(JF_IDEMPOTENT))
        return {TokenPlace::nowhere, Guarantee::effectively_once, source.component.use + " is read from its start again after a stop, and " + sink.component.use + " takes a row again without a change", false};
    return {TokenPlace::nowhere, Guarantee::at_least_once, source.component.use + " can only be read from its start, so a run that stops half way writes rows again that it had committed", false};
}

/// A sink beside the main one: it commits at another moment, so its epochs must be repeatable exactly.
DeliveryPlan beside(const ComponentPlan& source, const std::string& uncertain, const ComponentPlan& sink)
{
    const bool exact = source.description.can(JF_CAN_REPLAY_UNTIL);
    if (sink.description.can(JF_CAN_STORE_TOKEN) && exact && uncertain.empty())
        return {TokenPlace::sink, Guarantee::exactly_once, sink.component.use + " keeps the position with the rows, and repeats an epoch that only the others have", false};
    if (sink.description.can(JF_IDEMPOTENT) && uncertain.empty())
        return {TokenPlace::state_store, Guarantee::effectively_once, sink.component.use + " takes a row again without a change", false};
    const TokenPlace place = sink.description.can(JF_CAN_STORE_TOKEN) ? TokenPlace::sink : TokenPlace::state_store;
    const std::string why = !uncertain.empty() ? uncertain + " may answer otherwise when an epoch is repeated"
                          : !exact             ? source.component.use + " cannot repeat exactly the rows of an epoch"
                                               : sink.component.use + " cannot keep a position with its rows";
    return {place, Guarantee::at_least_once, why, false};
}

} // namespace

DeliveryPlan plan_delivery(const ComponentPlan& source, const std::vector<ComponentPlan>& steps, const ComponentPlan& sink, bool side)
{
    const Description& from = source.description;
    const Description& to = sink.description;
    const std::string& reads = source.component.use;
    const std::string& writes = sink.component.use;
    if (!from.can(JF_CAN_REPLAY))
        return without_replay(source, sink);
    const std::string uncertain = uncertain_step(steps);
    if (side)
        return beside(source, uncertain, sink);
    if (to.can(JF_CAN_STORE_TOKEN))
        return {TokenPlace::sink, Guarantee::exactly_once, writes + " keeps the position with the rows, and " + reads + " can be read again from any position", false};
    const TokenPlace place = from.can(JF_CAN_RECORD) ? TokenPlace::source : TokenPlace::state_store;
    if (to.can(JF_IDEMPOTENT) && uncertain.empty())
        return {place, Guarantee::effectively_once, writes + " takes a row again without a change, and " + reads + " can be read again from any position", false};
    if (to.can(JF_DEDUPLICATES) && from.can(JF_CAN_REPLAY_UNTIL) && uncertain.empty())
        return {place, Guarantee::effectively_once, "the range of each epoch is recorded before it is written, and " + writes + " takes the same range only once", true};
    const std::string why = !uncertain.empty() && (to.can(JF_IDEMPOTENT) || to.can(JF_DEDUPLICATES))
                              ? uncertain + " may answer otherwise when rows are repeated"
                              : writes + " cannot keep a position with its rows, so the last epoch may be written again after a stop";
    return {place, Guarantee::at_least_once, why, false};
}

} // namespace jackfield
