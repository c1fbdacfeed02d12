// Cancel: a counter that runs watch.
#include "exec/run/run_control.hpp"

#include <jackfield/runtime.hpp>

namespace jackfield {

Cancel::Cancel() : state_(std::make_shared<State>()) {}

void Cancel::request() const
{
    std::vector<std::function<void()>> watchers;
    {
        const std::scoped_lock lock(state_->mutex);
        if (state_->level < 2)
            ++state_->level;
        for (const auto& [id, watcher] : state_->watchers)
            watchers.push_back(watcher);
    }
    for (const auto& watcher : watchers)
        watcher();
}

int Cancel::level() const
{
    const std::scoped_lock lock(state_->mutex);
    return state_->level;
}

RunControl::RunControl(Cancel cancel, std::function<void()> on_request) : cancel_(std::move(cancel))
{
    const std::scoped_lock lock(cancel_.state_->mutex);
    id_ = ++cancel_.state_->last_id;
    cancel_.state_->watchers[id_] = std::move(on_request);
}

RunControl::~RunControl()
{
    const std::scoped_lock lock(cancel_.state_->mutex);
    cancel_.state_->watchers.erase(id_);
}

} // namespace jackfield
