// The catalog: what is found, what is refused and why, what is kept.
#include "folder.hpp"

#include "load/catalog.hpp"
#include "load/component.hpp"
#include "load/elf.hpp"

#include <catch2/catch.hpp>

#include <cstring>

using namespace jackfield;

namespace {

std::filesystem::path kit(const std::string& name) { return std::filesystem::path(JACKFIELD_BAD_PLUGINS) / name / (name + ".so"); }

CatalogOptions only(std::vector<std::filesystem::path> plugins, const std::filesystem::path& cache = {})
{
    CatalogOptions options;
    options.plugins = std::move(plugins);
    options.search = false;
    options.cache = cache;
    options.use_cache = !cache.empty();
    options.patience = std::chrono::seconds(20);
    return options;
}

/// The reason why a plugin of the kit is refused while a good one beside it is taken.
std::string refusal(const std::filesystem::path& file, std::chrono::nanoseconds patience = std::chrono::seconds(20))
{
    CatalogOptions options = only({file, kit("minimal")});
    options.patience = patience;
    const Catalog catalog(options);
    REQUIRE(catalog.names(ComponentKind::source) == std::vector<std::string>{"minimal"});
    const auto refused = catalog.refusals();
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].file == file);
    return refused[0].reason;
}

} // namespace

TEST_CASE("a plugin with every optional member NULL is found and works", "[load][R11]")
{
    Catalog catalog(only({kit("minimal")}));
    CHECK(catalog.refusals().empty());
    CHECK(catalog.notes().empty());
    REQUIRE(catalog.schema(ComponentKind::source, "minimal"));
    CHECK(*catalog.schema(ComponentKind::source, "minimal") == "{\"type\": \"object\"}");
    CHECK_FALSE(catalog.schema(ComponentKind::sink, "minimal"));
    auto factory = catalog.factory(ComponentKind::source, "minimal");
    REQUIRE(factory);
    CHECK(factory->plugin() == "minimal");
}

TEST_CASE("a file that is no plugin is named with what it is and what to do, and the rest goes on", "[load][errors]")
{
    const Folder folder;
    const std::string good = read_all(kit("minimal"));
    REQUIRE(good.size() > 4096);
    SECTION("text") { CHECK(has(refusal(folder.write("text.so", "hello\n")), "is no shared library; a plugin is a .so file")); }
    SECTION("script") { CHECK(has(refusal(folder.write("script.so", "#!/bin/sh\n")), "is a script")); }
    SECTION("empty") { CHECK(has(refusal(folder.write("empty.so", "")), "is empty")); }
    SECTION("a few bytes") { CHECK(has(refusal(folder.write("bytes.so", "\x7f" "ELF")), "is cut short")); }
    SECTION("cut in the middle") { CHECK(has(refusal(folder.write("cut.so", good.substr(0, good.size() / 2))), "is cut short")); }
    SECTION("directory")
    {
        std::filesystem::create_directory(folder.path / "dir.so");
        CHECK(has(read_elf(folder.path / "dir.so").error().message, "is a directory"));
    }
    SECTION("another machine")
    {
        std::string other = good;
        other[18] = static_cast<char>(other[18] == 62 ? 183 : 62); // e_machine: the other of x86-64 and arm64
        const std::string reason = refusal(folder.write("other.so", other));
        CHECK(has(reason, "is built for "));
        CHECK(has(reason, "get or build the plugin for"));
    }
    SECTION("32 bit")
    {
        std::string other = good;
        other[4] = 1; // EI_CLASS
        CHECK(has(refusal(folder.write("other.so", other)), "32-bit"));
    }
    SECTION("a program") { CHECK(has(read_elf("/proc/self/exe").error().message, "is a program, not a plugin")); }
    SECTION("missing")
    {
        Catalog catalog(only({folder.path / "none.so"}));
        REQUIRE(catalog.refusals().size() == 1);
        CHECK(has(catalog.refusals()[0].reason, "does not exist"));
    }
    SECTION("any byte changed is refused or loaded, never worse")
    {
        std::string other = good.substr(0, 4096);
        for (std::size_t i = 4; i < 64; ++i) {
            std::string changed = good;
            changed[i] = static_cast<char>(changed[i] ^ 0xff);
            const auto looked = read_elf(folder.write("changed.so", changed));
            CHECK((looked || !looked.error().message.empty()));
        }
    }
}

TEST_CASE("a plugin that lies, throws, crashes, hangs or exits is named, and the rest goes on", "[load][errors][R6]")
{
    CHECK(has(refusal(kit("no_entry")), "without the symbol jf_plugin_entry_v1"));
    CHECK(has(refusal(kit("unresolved")), "jackfield_tests_nobody_defines_this"));
    CHECK(has(refusal(kit("throws")), "an exception left its entry"));
    CHECK(has(refusal(kit("crash")), "crashes when it is loaded"));
    CHECK(has(refusal(kit("hang"), std::chrono::milliseconds(300)), "hangs: it did not come back"));
    CHECK(has(refusal(kit("exit")), "ended the process"));
    CHECK(has(refusal(kit("refuses")), "refused to be loaded: needs a warmer machine"));
    CHECK(has(refusal(kit("small_struct")), "says that it has 8 bytes"));
    CHECK(has(refusal(kit("huge_struct")), "says that it has 2147483647 bytes"));
    CHECK(has(refusal(kit("null_name")), "name is NULL"));
    CHECK(has(refusal(kit("count")), "1152921504606846976 components"));
    CHECK(has(refusal(kit("pointer")), "crashes when it is loaded"));
    CHECK(has(refusal(kit("small_table")), "its table says that it has 3 bytes"));
    CHECK(has(refusal(kit("missing_function")), "jf_source.next() is missing"));
    CHECK(has(refusal(kit("id")), "may have letters, digits"));
    CHECK(has(refusal(kit("utf8")), "is not UTF-8"));
    CHECK(has(refusal(kit("schema")), "config_schema is no JSON"));
    CHECK(has(refusal(kit("schema_type")), "config_schema is no JSON Schema of type object"));
    CHECK(has(refusal(kit("null_table")), "its table is NULL"));
    CHECK(has(refusal(kit("no_create")), "create() is missing"));
    CHECK(has(refusal(kit("unknown_kind")), "does not know the kind 'jf.teleport/0'"));
}

TEST_CASE("one bad component does not take the good ones of its plugin away", "[load][errors]")
{
    Catalog catalog(only({kit("null_factory")}));
    CHECK(catalog.names(ComponentKind::source) == std::vector<std::string>{"minimal"});
    REQUIRE(catalog.notes().size() == 1);
    CHECK(has(catalog.notes()[0], "component 1 is skipped: the pointer is NULL"));
}

TEST_CASE("a plugin that shows more than one symbol is used and told of", "[load][R8]")
{
    Catalog catalog(only({kit("many_symbols")}));
    CHECK(catalog.names(ComponentKind::source) == std::vector<std::string>{"many"});
    REQUIRE(catalog.notes().size() == 1);
    CHECK(has(catalog.notes()[0], "jackfield_tests_something_else"));
}

TEST_CASE("of two plugins with the same component the first one found wins, and this is told", "[load]")
{
    Catalog catalog(only({kit("twin"), kit("minimal")}));
    CHECK(catalog.find(JF_KIND_SOURCE, "minimal").plugin->file == kit("twin"));
    REQUIRE(catalog.notes().size() == 1);
    CHECK(has(catalog.notes()[0], "is hidden by the one of"));
}

TEST_CASE("a missing component is told with those that are there", "[load][errors]")
{
    const Folder folder;
    Catalog catalog(only({kit("minimal"), folder.write("wanted.so", "text")}));
    const auto missing = catalog.factory(ComponentKind::source, "mininal");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().kind == JF_E_NOT_FOUND);
    CHECK(has(missing.error().message, "no source 'mininal' is installed; there are: minimal"));
    CHECK(has(catalog.factory(ComponentKind::sink, "wanted.rows").error().message, "its plugin was refused: "));
}

TEST_CASE("a directory gives its .so files in order of name, a manifest in it names exactly what is loaded", "[load]")
{
    const Folder folder;
    std::filesystem::copy_file(kit("minimal"), folder.path / "a.so");
    std::filesystem::copy_file(kit("misbehaves"), folder.path / "b.so");
    folder.write("notes.txt", "no plugin");
    CHECK(Catalog(only({folder.path})).plugins().size() == 2);
    folder.write("jackfield-plugins.json", R"({"plugins": ["b.so"]})");
    const Catalog named(only({folder.path}));
    REQUIRE(named.plugins().size() == 1);
    CHECK(named.plugins()[0]->name == "misbehaves");
    folder.write("jackfield-plugins.json", "{");
    const Catalog broken(only({folder.path}));
    CHECK(broken.plugins().empty());
    REQUIRE(broken.refusals().size() == 1);
    CHECK(has(broken.refusals()[0].reason, "is no manifest; write"));
}

TEST_CASE("the variable of places is used, but not for relative directories", "[load]")
{
    const Folder folder;
    std::filesystem::copy_file(kit("minimal"), folder.path / "a.so");
    setenv("JACKFIELD_PLUGIN_PATH", ("some/where:" + folder.path.string()).c_str(), 1);
    CatalogOptions options = only({});
    options.search = true;
    Catalog catalog(options);
    const bool found = catalog.schema(ComponentKind::source, "minimal") != nullptr;
    unsetenv("JACKFIELD_PLUGIN_PATH");
    CHECK(found);
    REQUIRE_FALSE(catalog.notes().empty());
    CHECK(has(catalog.notes()[0], "not an absolute directory"));
}

TEST_CASE("what plugins said is kept, and asked again only when the file changed", "[load]")
{
    const Folder folder;
    const auto plugin = folder.path / "a.so";
    const auto cache = folder.path / "cache" / "catalog.json";
    std::filesystem::copy_file(kit("minimal"), plugin);
    const auto crash = kit("crash");
    CHECK(Catalog(only({plugin, crash}, cache)).plugins().size() == 1);
    REQUIRE(std::filesystem::exists(cache));
    std::string text = read_all(cache);
    REQUIRE(has(text, "Three numbers"));
    text.replace(text.find("Three numbers"), 13, "Told by cache");
    folder.write("cache/catalog.json", text);
    {
        const Catalog again(only({plugin, crash}, cache));
        CHECK(again.find(JF_KIND_SOURCE, "minimal").component->title == "Told by cache");
        REQUIRE(again.refusals().size() == 1); // a crash is remembered and not tried again
        CHECK(has(again.refusals()[0].reason, "crashes when it is loaded"));
    }
    std::filesystem::remove(plugin);
    std::filesystem::copy_file(kit("minimal"), plugin);
    CHECK(Catalog(only({plugin}, cache)).find(JF_KIND_SOURCE, "minimal").component->title == "Three numbers");
    folder.write("cache/catalog.json", "{ damaged");
    CHECK(Catalog(only({plugin}, cache)).find(JF_KIND_SOURCE, "minimal").component->title == "Three numbers");
}

TEST_CASE("why tells every place and every refusal", "[load]")
{
    const Folder folder;
    const auto text = folder.write("postcard.so", "text");
    const Catalog catalog(only({kit("minimal"), text, folder.path / "nowhere"}));
    const std::string missing = catalog.why("postcard.rows");
    CHECK(has(missing, "nothing named 'postcard.rows' is installed"));
    CHECK(has(missing, "is no shared library"));
    CHECK(has(missing, "does not exist"));
    const std::string there = catalog.why("minimal");
    CHECK(has(there, "source 'minimal' comes from '" + kit("minimal").string() + "'"));
    CHECK_FALSE(has(there, "is no shared library"));
}

namespace {

const jf_plugin* no_plugin(const jf_host*, const jf_call*) { return nullptr; }

} // namespace

TEST_CASE("a built-in plugin is checked like any other", "[load]")
{
    Catalog catalog(only({}));
    const auto refused = catalog.add_builtin(no_plugin);
    REQUIRE_FALSE(refused);
    CHECK(has(refused.error().message, "the built-in plugin refused to be loaded"));
    CHECK(catalog.plugins().empty());
}
