// The tasks that are always there: "nothing", a join point that does nothing.
#define JF_STATIC_PLUGIN jackfield_builtin
#include <jackfield/sdk.hpp>

namespace jackfield::builtin {

/// Ends as soon as it starts.
struct Nothing final : sdk::Task {
    static constexpr std::uint64_t faces = JF_IS_ACTION | JF_IDEMPOTENT;
    Nothing(const sdk::Config&, sdk::Host) {}

    Result<std::string> run(const sdk::Call&, const sdk::Scope&, std::uint32_t) override { return "{}"; }
};

} // namespace jackfield::builtin

JACKFIELD_PLUGIN("jackfield", "0.1.0", "Jackfield", "Apache-2.0",
    jackfield::sdk::task<jackfield::builtin::Nothing>("nothing", "Does nothing: a place where branches join"))
