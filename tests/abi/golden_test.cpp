// Plugins as earlier SDKs built them: binaries, never built again. See golden/README.md.
#include "load/catalog.hpp"
#include "load/component.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace jackfield;

namespace {

std::vector<std::filesystem::path> golden()
{
#if defined(__x86_64__)
    const std::filesystem::path folder = std::filesystem::path(JACKFIELD_TEST_DATA) / "golden/v0-x86-64";
#else
    const std::filesystem::path folder = std::filesystem::path(JACKFIELD_TEST_DATA) / "golden/v0-arm64";
#endif
    std::vector<std::filesystem::path> out;
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none))
        if (entry.path().extension() == ".so")
            out.push_back(entry.path());
    std::sort(out.begin(), out.end());
#if defined(__x86_64__)
    REQUIRE_FALSE(out.empty());
#endif
    return out;
}

CatalogOptions only(const std::filesystem::path& file)
{
    CatalogOptions options;
    options.plugins = {file};
    options.search = options.use_cache = false;
    options.patience = std::chrono::seconds(30);
    return options;
}

/// Rows and the last position of a source that ends by itself, begun after `from`.
std::pair<std::int64_t, std::string> read_all(Catalog& catalog, const std::string& id, std::string from)
{
    CallFrame frame;
    Component component;
    component.use = id;
    InstanceOptions options;
    options.component = &component;
    auto factory = catalog.factory(ComponentKind::source, id);
    REQUIRE(factory);
    auto source = SourceInstance::make(*factory, frame, options);
    REQUIRE(source);
    ReadOptions read;
    read.from = from;
    auto reader = source->open(frame, read);
    REQUIRE(reader);
    REQUIRE(reader->schema(frame));
    std::int64_t rows = 0;
    SourceBatch batch;
    for (;;) {
        auto outcome = reader->next(frame, {1, 1 << 20}, batch);
        INFO((outcome ? "" : outcome.error().message));
        REQUIRE(outcome);
        if (*outcome == ReadOutcome::end)
            return {rows, from};
        if (*outcome == ReadOutcome::batch) {
            rows += batch.array->length;
            from = batch.position;
        }
    }
}

} // namespace

TEST_CASE("every golden plugin loads, and each of its components can be had", "[abi][R11]")
{
    for (const auto& file : golden()) {
        INFO(file.string());
        Catalog catalog(only(file));
        CHECK(catalog.refusals().empty());
        CHECK(catalog.notes().empty());
        REQUIRE(catalog.plugins().size() == 1);
        for (const ComponentInfo& component : catalog.plugins()[0]->components)
            CHECK(catalog.factory_of(component.kind, component.id));
    }
}

TEST_CASE("the golden source in C gives its rows and goes on after each of its golden positions", "[abi][R11]")
{
    for (const auto& file : golden()) {
        if (file.stem() != "minimal_c")
            continue;
        Catalog catalog(only(file));
        CHECK(read_all(catalog, "minimal", "") == std::pair<std::int64_t, std::string>(3, "\3"));
        CHECK(read_all(catalog, "minimal", "\1") == std::pair<std::int64_t, std::string>(2, "\3"));
        CHECK(read_all(catalog, "minimal", "\3").first == 0);
    }
}
