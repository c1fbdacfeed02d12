// Positions as earlier plugins wrote them: today's plugins go on after each. See golden/README.md.
//
// To record those of a release: write its cases without "rows" and "positions" into golden/positions/vN.json, then
//   JACKFIELD_RECORD_POSITIONS=1 abi_golden_positions_test
#include "load/inspect.hpp"
#include "testkit/rows.hpp"

#include <catch2/catch.hpp>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

using namespace jackfield;
using namespace jackfield::testkit;
namespace json = boost::json;

namespace {

std::filesystem::path golden() { return std::filesystem::path(JACKFIELD_TEST_DATA) / "golden/positions"; }

std::string to_hex(std::string_view bytes)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : bytes)
        (out += digits[static_cast<unsigned char>(c) >> 4]) += digits[static_cast<unsigned char>(c) & 15];
    return out;
}

std::string from_hex(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
    return out;
}

/// A folder that is the current one while this lives: positions of files hold names, which must not be those of one machine.
class Workplace {
public:
    Workplace() : before_(std::filesystem::current_path())
    {
        std::string pattern = std::filesystem::temp_directory_path() / "jackfield-golden-XXXXXX";
        REQUIRE(mkdtemp(pattern.data()));
        folder = pattern;
        std::filesystem::current_path(folder);
    }
    ~Workplace()
    {
        std::filesystem::current_path(before_);
        std::filesystem::remove_all(folder);
    }
    Workplace(const Workplace&) = delete;
    Workplace& operator=(const Workplace&) = delete;

    std::filesystem::path folder;

private:
    std::filesystem::path before_;
};

/// One case with the parts of the kit that run it. One thread at a time.
class Case {
public:
    explicit Case(const json::object& told) : facts_(told)
    {
        const std::map<std::string, std::string> plugins{{"files", JACKFIELD_FILES}, {"duckdb", JACKFIELD_DUCKDB_PLUGIN}, {"demo_partitions", JACKFIELD_DEMO}};
        options_.plugin = plugins.at(text("plugin"));
        options_.config_json = json::serialize(told.at("config"));
        if (told.contains("connection"))
            options_.connection_json = json::serialize(told.at("connection"));
        auto looked = inspect({options_.plugin}, std::chrono::seconds(20));
        REQUIRE(looked.front().plugin);
        for (const ComponentInfo& component : looked.front().plugin->components)
            if (component.kind == JF_KIND_SOURCE && component.id == text("source"))
                info_ = component;
        kit_ = std::make_unique<Kit>(options_, info_, facts_, place_.folder, nullptr);
        REQUIRE(kit_->write_files());
        if (const json::value* hex = told.if_contains("bytes"))
            for (const auto& file : hex->as_object())
                std::ofstream(place_.folder / std::string(file.key()), std::ios::binary) << from_hex(file.value().as_string());
        auto made = kit_->make<SourceInstance>();
        INFO((made ? "" : made.error().message));
        REQUIRE(made);
        source_.emplace(std::move(*made));
    }
    [[nodiscard]] Tape read(std::string_view from, std::uint64_t most)
    {
        const std::string partition = text("partition");
        TapeOptions options;
        options.partition = partition;
        options.from = from;
        options.max_rows = most;
        auto tape = read_tape(*kit_, *source_, options);
        INFO((tape ? "" : tape.error().message));
        REQUIRE(tape);
        return std::move(*tape);
    }
    /// How reading from there fails; JF_OK if it does not.
    [[nodiscard]] jf_status refuses(std::string_view from)
    {
        const std::string partition = text("partition");
        TapeOptions options;
        options.partition = partition;
        options.from = from;
        const auto tape = read_tape(*kit_, *source_, options);
        return tape ? JF_OK : tape.error().kind;
    }
    /// Bytes 1 to 16 of a position of files are device and inode of its file; nobody can have them again.
    [[nodiscard]] std::string with_identity(std::string position, const std::string& file) const
    {
        struct stat now {};
        if (file.empty() || stat(file.c_str(), &now) != 0)
            return position;
        for (unsigned i = 0; i < 8; ++i) {
            position[1 + i] = static_cast<char>(static_cast<std::uint64_t>(now.st_dev) >> (8 * i));
            position[9 + i] = static_cast<char>(static_cast<std::uint64_t>(now.st_ino) >> (8 * i));
        }
        return position;
    }
    /// The file of the case that the position stands in, and the position without device and inode.
    [[nodiscard]] std::string without_identity(std::string& position) const
    {
        if (text("plugin") != "files")
            return {};
        for (const auto& entry : std::filesystem::directory_iterator(place_.folder)) {
            const std::string name = entry.path().filename();
            if (with_identity(position, name) != position)
                continue;
            position.replace(1, 16, 16, '\0');
            return name;
        }
        return {};
    }

private:
    [[nodiscard]] std::string text(std::string_view name) const
    {
        const json::value* found = facts_.if_contains(name);
        return found ? std::string(found->as_string()) : std::string();
    }

    const json::object& facts_;
    Workplace place_;
    CheckOptions options_;
    ComponentInfo info_;
    std::unique_ptr<Kit> kit_;
    std::optional<SourceInstance> source_;
};

json::array load(const std::filesystem::path& file)
{
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    return json::parse(text.str()).as_array();
}

void record(const std::filesystem::path& file)
{
    json::array cases = load(file);
    std::string out = "[";
    for (json::value& one : cases) {
        json::object& told = one.as_object();
        if (!told.contains("positions")) {
            Case it(told);
            const Tape tape = it.read({}, 2);
            json::array rows, positions;
            for (const std::string& row : tape.rows)
                rows.emplace_back(row);
            for (const Tape::Mark& mark : tape.marks) {
                std::string position = mark.position;
                const std::string name = it.without_identity(position);
                positions.push_back({{"after", mark.rows}, {"file", name}, {"position", to_hex(position)}});
            }
            told["rows"] = std::move(rows);
            told["positions"] = std::move(positions);
        }
        out += (out.size() > 1 ? ",\n" : "\n") + json::serialize(one);
    }
    std::ofstream(file) << out << "\n]\n";
}

std::vector<std::filesystem::path> releases()
{
    std::vector<std::filesystem::path> out;
    for (const auto& entry : std::filesystem::directory_iterator(golden()))
        out.push_back(entry.path());
    return out;
}

} // namespace

TEST_CASE("today's sources go on after each position that an older one wrote, with the same rows", "[abi][R11]")
{
    if (std::getenv("JACKFIELD_RECORD_POSITIONS"))
        for (const auto& file : releases())
            record(file);
    std::size_t positions = 0;
    for (const auto& file : releases())
        for (const json::value& one : load(file)) {
            const json::object& told = one.as_object();
            INFO(file.filename().string() << ": " << told.at("name").as_string());
            Case it(told);
            const json::array& rows = told.at("rows").as_array();
            for (const json::value& at : told.at("positions").as_array()) {
                const auto after = at.at("after").to_number<std::size_t>();
                INFO("after row " << after);
                const std::string from = it.with_identity(from_hex(at.at("position").as_string()), std::string(at.at("file").as_string()));
                const Tape tail = it.read(from, 100);
                REQUIRE(tail.rows.size() == rows.size() - after);
                for (std::size_t i = 0; i < tail.rows.size(); ++i)
                    CHECK(tail.rows[i] == rows[after + i].as_string());
                ++positions;
            }
        }
    CHECK(positions > 30);
}

TEST_CASE("a position of a format that no older source wrote is refused, not guessed", "[abi][R11]")
{
    for (const auto& file : releases())
        for (const json::value& one : load(file)) {
            const json::object& told = one.as_object();
            INFO(told.at("name").as_string());
            const json::value& at = told.at("positions").as_array().front();
            std::string later = from_hex(at.at("position").as_string());
            later[0] = static_cast<char>(later[0] + 100);
            Case it(told);
            CHECK(it.refuses(it.with_identity(later, std::string(at.at("file").as_string()))) == JF_E_POSITION);
        }
}
