// The plugin 'steps': what happens to rows on their way.
#include "expressions.hpp"
#include "select.hpp"

using namespace jackfield;

JACKFIELD_PLUGIN("steps", "0.1.0", "Jackfield", "Apache-2.0",
    sdk::task<steps::Select>("select", "Chooses, renames, casts and drops columns"),
    sdk::task<steps::Filter>("filter", "Keeps the rows that fulfil a condition"),
    sdk::task<steps::Derive>("derive", "Computes columns"))
