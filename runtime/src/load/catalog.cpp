// Catalog: search, descriptions from the cache or from child processes, loading on demand.
#include "load/catalog.hpp"

#include "load/catalog_cache.hpp"
#include "load/elf.hpp"
#include "load/inspect.hpp"
#include "load/library.hpp"
#include "load/search.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

namespace jackfield {

namespace {

using Key = std::pair<std::string, std::string>; // kind, id

std::string list_of(std::vector<std::string> names)
{
    std::sort(names.begin(), names.end());
    std::string out;
    for (const std::string& name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

} // namespace

struct Catalog::Parts {
    struct Entry {
        PluginInfo info;
        std::optional<Result<LoadedPlugin>> loaded; // nothing: not asked for yet
    };

    explicit Parts(CatalogOptions given) : options(std::move(given)) {}

    const CatalogOptions options;
    mutable std::once_flag once;  // of scan()
    mutable std::mutex mutex;     // guards Entry::loaded
    std::deque<Entry> entries;    // addresses stay; complete after scan()
    std::map<Key, std::pair<Entry*, std::size_t>> components;
    SearchResult found;
    std::vector<Refusal> refusals;
    std::vector<std::string> notes;

    void scan() { std::call_once(once, [this] { look(); }); }

    void look()
    {
        found = search_plugins(options);
        for (const SearchRefusal& refused : found.refused)
            refusals.push_back({refused.file, refused.reason});
        for (const SearchPlace& place : found.places)
            if (place.remark.rfind("ignored", 0) == 0)
                notes.push_back("'" + place.path.string() + "' of " + place.origin + " is " + place.remark);
        for (Inspection& inspection : describe(found.files)) {
            if (inspection.plugin)
                add(*std::move(inspection.plugin), {});
        }
    }

    /// What each file says; refused ones are noted. Cached, else from a child process, else loaded here.
    std::vector<Inspection> describe(const std::vector<std::filesystem::path>& files)
    {
        std::vector<Inspection> out(files.size(), Inspection{fail(JF_E_FAILED, "not looked at"), false});
        std::optional<CatalogCache> cache;
        if (options.use_cache)
            cache.emplace(options.cache);
        std::vector<std::filesystem::path> unknown;
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (auto elf = read_plugin_elf(files[i]); !elf) {
                out[i].plugin = std::move(elf).error();
            } else if (auto kept = cache ? cache->find(files[i]) : std::nullopt) {
                out[i] = *std::move(kept);
            } else {
                unknown.push_back(files[i]);
                places.push_back(i);
            }
        }
        std::vector<Inspection> looked = options.isolate ? inspect(unknown, options.patience) : load_here(unknown);
        for (std::size_t i = 0; i < looked.size(); ++i) {
            if (cache)
                cache->put(unknown[i], looked[i]);
            out[places[i]] = std::move(looked[i]);
        }
        if (cache)
            cache->save();
        for (std::size_t i = 0; i < files.size(); ++i)
            if (!out[i].plugin)
                refusals.push_back({files[i], out[i].plugin.error().message});
        return out;
    }

    static std::vector<Inspection> load_here(const std::vector<std::filesystem::path>& files)
    {
        std::vector<Inspection> out;
        for (const auto& file : files) {
            auto loaded = load_library(file);
            out.push_back(loaded ? Inspection{std::move(loaded->info), false} : Inspection{std::move(loaded).error(), false});
        }
        return out;
    }

    void add(PluginInfo info, std::optional<Result<LoadedPlugin>> loaded)
    {
        Entry& entry = entries.emplace_back(Entry{std::move(info), std::move(loaded)});
        for (const std::string& note : entry.info.notes)
            notes.push_back(name_of(entry) + ": " + note);
        for (std::size_t i = 0; i < entry.info.components.size(); ++i) {
            const ComponentInfo& component = entry.info.components[i];
            const auto [place, fresh] = components.try_emplace(Key(component.kind, component.id), &entry, i);
            if (!fresh)
                notes.push_back(std::string(short_kind(component.kind)) + " '" + component.id + "' of " + name_of(entry) + " is hidden by the one of " +
                                name_of(*place->second.first) + ", which was found first; take one of the two away");
        }
    }

    static std::string name_of(const Entry& entry)
    {
        return entry.info.file.empty() ? "the built-in plugin '" + entry.info.name + "'" : "'" + entry.info.file.string() + "'";
    }

    std::pair<Entry*, std::size_t> component(std::string_view kind, std::string_view id)
    {
        scan();
        const auto place = components.find(Key(std::string(kind), std::string(id)));
        return place == components.end() ? std::pair<Entry*, std::size_t>{nullptr, 0} : place->second;
    }

    Error not_found(std::string_view kind, std::string_view id) const
    {
        std::vector<std::string> others;
        for (const auto& [key, place] : components)
            if (key.first == kind)
                others.push_back(key.second);
        std::string message = "no " + std::string(short_kind(kind)) + " '" + std::string(id) + "' is installed";
        const std::string first(id.substr(0, id.find('.')));
        for (const Refusal& refusal : refusals)
            if (!first.empty() && refusal.file.stem() == first)
                return fail(JF_E_NOT_FOUND, message + "; its plugin was refused: " + refusal.reason);
        message += others.empty() ? "; no plugin offers one" : "; there are: " + list_of(std::move(others));
        return fail(JF_E_NOT_FOUND, message + " (where was looked: jackfield plugin why " + std::string(id) + ")");
    }

    Result<Factory> load(Entry& entry, std::string_view kind, std::string_view id)
    {
        const std::lock_guard lock(mutex);
        if (!entry.loaded)
            entry.loaded = load_library(entry.info.file);
        if (!*entry.loaded)
            return entry.loaded->error();
        for (const Factory& factory : (*entry.loaded)->factories)
            if (factory.kind() == kind && factory.id() == id)
                return factory;
        return fail(JF_E_FAILED, name_of(entry) + " does not offer " + std::string(short_kind(kind)) + " '" + std::string(id) +
                                     "' any more; it was changed after it was looked at: start again");
    }
};

Catalog::Catalog(CatalogOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}
Catalog::~Catalog() = default;

Status Catalog::add_builtin(jf_plugin_entry_fn entry)
{
    JF_ASSIGN(LoadedPlugin loaded, ask_entry(entry, {}));
    PluginInfo info = loaded.info;
    parts_->add(std::move(info), Result<LoadedPlugin>(std::move(loaded)));
    return {};
}

const std::string* Catalog::schema(ComponentKind kind, std::string_view id) const
{
    const FoundComponent found = find(abi_kind(kind), id);
    return found.component ? &found.component->schema : nullptr;
}

std::vector<std::string> Catalog::names(ComponentKind kind) const
{
    parts_->scan();
    std::vector<std::string> out;
    for (const auto& [key, place] : parts_->components)
        if (key.first == abi_kind(kind))
            out.push_back(key.second);
    return out;
}

FoundComponent Catalog::find(std::string_view kind, std::string_view id) const
{
    const auto [entry, index] = parts_->component(kind, id);
    if (!entry)
        return {};
    return {&entry->info, &entry->info.components[index]};
}

Result<Factory> Catalog::factory(ComponentKind kind, std::string_view id) { return factory_of(abi_kind(kind), id); }

Result<Factory> Catalog::factory_of(std::string_view kind, std::string_view id)
{
    const auto [entry, index] = parts_->component(kind, id);
    if (!entry)
        return parts_->not_found(kind, id);
    return parts_->load(*entry, kind, id);
}

std::vector<const PluginInfo*> Catalog::plugins() const
{
    parts_->scan();
    std::vector<const PluginInfo*> out;
    for (const auto& entry : parts_->entries)
        out.push_back(&entry.info);
    return out;
}

std::vector<Refusal> Catalog::refusals() const
{
    parts_->scan();
    return parts_->refusals;
}

std::vector<std::string> Catalog::notes() const
{
    parts_->scan();
    return parts_->notes;
}

std::string Catalog::why(std::string_view name) const
{
    parts_->scan();
    const auto concerns = [name](std::string_view text) { return name.empty() || text.find(name) != std::string_view::npos; };
    const std::string_view first = name.substr(0, name.find('.'));
    std::string out;
    for (const auto& [key, place] : parts_->components) {
        const PluginInfo& plugin = place.first->info;
        if (key.second == name || plugin.name == name || (!name.empty() && plugin.file.filename() == name))
            out += std::string(short_kind(key.first)) + " '" + key.second + "' comes from " + Parts::name_of(*place.first) + " (" + plugin.name + " " + plugin.version + ")\n";
    }
    if (out.empty() && !name.empty())
        out = "nothing named '" + std::string(name) + "' is installed\n";
    out += "looked at, in this order:\n";
    for (const SearchPlace& place : parts_->found.places)
        out += "  " + place.path.string() + "  (" + place.origin + "; " + place.remark + ")\n";
    if (parts_->found.places.empty())
        out += "  nowhere: no place was given, and searching is off\n";
    std::string refused;
    for (const Refusal& refusal : parts_->refusals)
        if (concerns(refusal.file.string()) || concerns(refusal.reason) || (!first.empty() && refusal.file.stem() == first))
            refused += "  " + refusal.reason + "\n";
    if (refused.empty() && !parts_->refusals.empty() && out.rfind("nothing", 0) == 0) // any of them might have been it
        for (const Refusal& refusal : parts_->refusals)
            refused += "  " + refusal.reason + "\n";
    if (!refused.empty())
        out += "refused:\n" + refused;
    std::string noted;
    for (const std::string& note : parts_->notes)
        if (concerns(note))
            noted += "  " + note + "\n";
    return noted.empty() ? out : out + "noted:\n" + noted;
}

std::string_view abi_kind(ComponentKind kind) noexcept
{
    switch (kind) {
    case ComponentKind::source: return JF_KIND_SOURCE;
    case ComponentKind::sink: return JF_KIND_SINK;
    case ComponentKind::step:
    case ComponentKind::action: return JF_KIND_TASK;
    case ComponentKind::chart: return JF_KIND_CHART;
    case ComponentKind::connection: return JF_KIND_CONNECTION;
    }
    return {};
}

std::string_view short_kind(std::string_view kind) noexcept
{
    kind = kind.substr(0, kind.find('/'));
    const std::size_t dot = kind.rfind('.');
    return dot == std::string_view::npos ? kind : kind.substr(dot + 1);
}

} // namespace jackfield
