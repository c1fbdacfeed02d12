// A task plugin of the build tree, loaded as the runtime loads it, for tests of actions and steps.
#pragma once

#include "load/catalog.hpp"
#include "load/component.hpp"

#include <jackfield/sdk/arrow/builder.hpp>
#include <jackfield/sdk/arrow/view.hpp>

#include <boost/json/parse.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace jackfield::test {

/// Keeps what a component logs. Any thread.
struct LogKeeper final : HostBackend {
    void log(std::int32_t level, std::string_view message, std::string_view) override
    {
        const std::scoped_lock lock(mutex);
        lines.push_back((level >= JF_LOG_WARN ? "! " : "  ") + std::string(message));
    }
    std::string text()
    {
        const std::scoped_lock lock(mutex);
        std::string out;
        for (const auto& line : lines)
            out += line + "\n";
        return out;
    }
    std::mutex mutex;
    std::vector<std::string> lines;
};

/// One configuration of one task.
class TaskUnderTest {
public:
    TaskUnderTest(const std::string& plugin_file, const std::string& id, std::string_view options)
        : catalog_({.plugins = {plugin_file}, .search = false, .use_cache = false, .isolate = false}), frame(&cancellation)
    {
        component.use = id;
        component.place = "task";
        component.configuration = boost::json::parse(options).as_object();
        auto found = catalog_.factory(ComponentKind::action, id);
        if (!found) {
            error = found.error();
            return;
        }
        factory.emplace(*found);
        const ConfigView view(component);
        auto says = factory->describe(frame, view, nullptr);
        if (!says) {
            error = says.error();
            return;
        }
        description = *says;
        auto made = TaskInstance::make(*factory, frame, {&component, nullptr, log});
        if (!made)
            error = made.error();
        else
            task.emplace(std::move(*made));
    }

    Result<std::string> run() { return task->run(frame, {"flow", "task", "", "", ""}, 1); }

private:
    Catalog catalog_;

public:
    Cancellation cancellation;
    CallFrame frame;
    Component component;
    std::shared_ptr<LogKeeper> log = std::make_shared<LogKeeper>();
    std::optional<Factory> factory;
    std::optional<TaskInstance> task;
    std::optional<Error> error;
    Description description;
};

} // namespace jackfield::test
