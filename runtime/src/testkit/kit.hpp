// Kit: what one test of the conformance kit works with. Test: one row of the list of tests.
#pragma once

#include "load/component.hpp"
#include "load/library.hpp"
#include "testkit/random.hpp"

#include <jackfield/sdk/arrow/schema.hpp>
#include <jackfield/testkit/check.hpp>

#include <boost/json/object.hpp>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield::testkit {

/// A fact for the line of the test ("1,000 positions"), or why it failed, or (see skip()) why it does not apply.
using Verdict = Result<std::string>;

/// The plugin broke a rule.
[[nodiscard]] inline Error broken(std::string message) { return fail(JF_E_FAILED, std::move(message)); }
/// The test does not apply, or lacks something; not a failure.
[[nodiscard]] inline Error skip(std::string reason) { return Error{JF_E_UNSUPPORTED, std::move(reason), {}, "skip", -1}; }
[[nodiscard]] inline bool is_skip(const Error& error) { return error.code == "skip"; }
/// Success if `condition`, else broken().
[[nodiscard]] inline Status must(bool condition, std::string_view otherwise)
{
    if (condition)
        return {};
    return broken(std::string(otherwise));
}
/// "1,000"
[[nodiscard]] std::string grouped(std::uint64_t number);
/// "1,000 rows", "1 row"
[[nodiscard]] std::string count(std::uint64_t number, std::string_view what);

/// A page shared with the process that waits for the test: what the test is doing, for the case that it never comes back.
struct Note {
    char text[512];
};

/// The surroundings of one test. Made in the test's process; loads the plugin at the first question. One thread at a time.
class Kit {
public:
    /// dir: an empty directory of the test. note may be NULL.
    Kit(const CheckOptions& options, const ComponentInfo& component, const boost::json::object& facts, std::filesystem::path dir, Note* note);
    Kit(const Kit&) = delete;
    Kit& operator=(const Kit&) = delete;

    [[nodiscard]] const CheckOptions& options() const { return options_; }
    [[nodiscard]] const ComponentInfo& info() const { return info_; }
    [[nodiscard]] const std::filesystem::path& dir() const { return dir_; }
    [[nodiscard]] Random& random() { return random_; }
    /// What the test does now: shown if it crashes or hangs.
    void doing(std::string_view what);
    /// A member of the facts, "${dir}" put in; nullopt: not given.
    [[nodiscard]] std::optional<boost::json::value> fact(std::string_view name) const;
    [[nodiscard]] std::string fact_text(std::string_view name) const; ///< empty: not given or no string
    [[nodiscard]] std::vector<std::string> fact_texts(std::string_view name) const; ///< the strings of a list; empty: none
    /// Puts the directory in for "${dir}".
    [[nodiscard]] std::string expand(std::string text) const;

    /// Writes the files of the fact "files" into the directory.
    Status write_files();
    /// Forgets connection and directory of before, and starts with `dir`.
    Status move_to(std::filesystem::path dir);

    [[nodiscard]] Result<const LoadedPlugin*> plugin();
    [[nodiscard]] Result<Factory> factory();
    [[nodiscard]] Result<Factory> factory_of(std::string_view kind, std::string_view id);
    /// Checked against the schema and filled with defaults. If options are needed and none were given: the plainest that the
    /// schema accepts; drawn() is true then.
    [[nodiscard]] Result<Component> component();
    /// Options come from the schema alone, so they need not lead anywhere.
    [[nodiscard]] bool drawn() const { return drawn_; }
    [[nodiscard]] Result<Component> checked(const Factory& factory, std::string_view config_json, std::string_view place);
    [[nodiscard]] Result<Description> description();
    /// The instance options of `component` for `factory`, with the connection that it needs.
    [[nodiscard]] Result<InstanceOptions> options_for(const Factory& factory, const Component& component);
    [[nodiscard]] Result<const ConnectionInstance*> connection();
    void forget_connection() { connection_.reset(); }

    /// An instance of the component under test.
    template <class Kind>
    [[nodiscard]] Result<Kind> make()
    {
        JF_ASSIGN(const Factory found, factory());
        JF_ASSIGN(const Component component_, component());
        return make_from<Kind>(found, component_);
    }
    template <class Kind>
    [[nodiscard]] Result<Kind> make_from(const Factory& found, const Component& component_)
    {
        JF_ASSIGN(const InstanceOptions wanted, options_for(found, component_));
        CallFrame frame;
        frame.set_deadline_in(10'000'000'000);
        return Kind::make(found, frame, wanted);
    }
    /// An instance of a second component of the plugin, which the fact `name` describes as {"use": id, …options}.
    template <class Kind>
    [[nodiscard]] Result<Kind> make_second(std::string_view kind, const boost::json::value& described)
    {
        JF_ASSIGN(const Second second, second_of(kind, described));
        return make_from<Kind>(second.factory, second.component);
    }

private:
    struct Second {
        Factory factory;
        Component component;
    };
    [[nodiscard]] Result<Second> second_of(std::string_view kind, const boost::json::value& described);

    const CheckOptions& options_;
    const ComponentInfo& info_;
    const boost::json::object& facts_;
    std::filesystem::path dir_;
    Random random_;
    Note* note_;
    bool drawn_ = false;
    std::optional<LoadedPlugin> plugin_;
    std::optional<ConnectionInstance> connection_;
};

/// One test.
struct Test {
    std::string_view kind; ///< "file", "any", "connection", "source", "sink", "task", "chart", "auth"
    std::string_view name; ///< what `--only` takes; a name is unique within its kind
    std::string_view sentence; ///< what is shown when it passes without a fact of its own
    Verdict (*run)(Kit&);
    int patience = 1; ///< times the time limit
};

// The tests of each part, in the order in which they run.
[[nodiscard]] std::span<const Test> file_tests();
[[nodiscard]] std::span<const Test> any_tests();
[[nodiscard]] std::span<const Test> connection_tests();
[[nodiscard]] std::span<const Test> source_tests();
[[nodiscard]] std::span<const Test> sink_tests();
[[nodiscard]] std::span<const Test> task_tests();
[[nodiscard]] std::span<const Test> chart_tests();
[[nodiscard]] std::span<const Test> auth_tests();

} // namespace jackfield::testkit
