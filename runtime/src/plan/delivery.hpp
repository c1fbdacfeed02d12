// Delivery: what a chain of source, steps and sink guarantees, derived from what they say they can do.
#pragma once

#include "plan/plan.hpp"

namespace jackfield {

/// What is guaranteed on the way into one sink.
struct DeliveryPlan {
    TokenPlace token = TokenPlace::nowhere;
    Guarantee guarantee = Guarantee::at_least_once;
    std::string reason;
    bool record_intent = false;
};

/// side: this is not the main sink, so it commits at another moment than the main one. Pure.
[[nodiscard]] DeliveryPlan plan_delivery(const ComponentPlan& source, const std::vector<ComponentPlan>& steps, const ComponentPlan& sink, bool side);

} // namespace jackfield
