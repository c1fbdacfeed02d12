// Rows that the kit makes, rows that it reads, and whether the one are the other.
#pragma once

#include "testkit/kit.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <functional>
#include <map>

namespace jackfield::testkit {

/// The kit's own source of rows: row i is always the same. Value.
class Feed {
public:
    /// The columns of the fact "columns" ({"n": "int64"}), or n, label and x. The first column numbers the rows.
    [[nodiscard]] static Result<Feed> make(const Kit& kit);
    [[nodiscard]] const Schema& schema() const { return schema_; }
    [[nodiscard]] const std::string& key() const { return schema_[0].name; }
    /// Rows first … first + rows - 1.
    [[nodiscard]] Result<OwnedArray> batch(std::int64_t first, std::int64_t rows) const;
    /// Exported for a call into a plugin.
    [[nodiscard]] Result<OwnedSchema> exported() const;
    /// The same column names and values in other layouts.
    struct Layout {
        std::string name; ///< "dictionary"
        Schema schema;
        OwnedArray batch; ///< rows 0 … rows - 1
    };
    [[nodiscard]] Result<std::vector<Layout>> layouts(std::int64_t rows) const;

private:
    Schema schema_;
};

/// What a source gave. Value.
struct Tape {
    struct Mark {
        std::string position;
        std::size_t rows; ///< up to and with this batch
    };
    std::vector<std::string> rows; ///< as JSON
    std::vector<Mark> marks;
    bool ended = false;  ///< it said JF_END
    std::uint64_t largest = 0; ///< rows of the largest batch
    std::size_t longest_position = 0;
};

struct TapeOptions {
    std::string_view partition, from, until;
    std::uint64_t max_rows = 1000;          ///< of one batch
    Random* random = nullptr;               ///< batches of 1 to max_rows
    std::size_t enough = 5000;              ///< rows to stop at
    const Cancellation* cancellation = nullptr;
    std::function<void(const OwnedArray&)> look = {}; ///< at each batch
};

inline constexpr ProgressScope kit_scope{"kit", "check", "", "g1", "kit"};

/// Opens a reader and reads; each batch is validated in full.
[[nodiscard]] Result<Tape> read_tape(Kit& kit, const SourceInstance& source, const TapeOptions& options);
/// Goes on with a reader that is open. A batch larger than asked for is broken, but for rows that the fact "alike" keeps together.
[[nodiscard]] Result<Tape> read_on(Kit& kit, SourceReader& reader, const TapeOptions& options);
/// The first partition: "" of a source without.
[[nodiscard]] Result<std::string> first_partition(Kit& kit, const SourceInstance& source, const Description& description);

/// Whether the kit can see what a sink wrote.
[[nodiscard]] bool can_read_back(const Kit& kit);
/// What the sink under test wrote into the kit's directory: number of the row → how often it is there. Broken if a row
/// is there whose other columns are not those of its number.
[[nodiscard]] Result<std::map<std::int64_t, int>> read_back(Kit& kit, const Feed& feed);
/// Success if the rows 0 … rows - 1 are there once each; else "lost 3 rows (17, 18, 19), doubled 1 (4)".
[[nodiscard]] Status all_once(const std::map<std::int64_t, int>& found, std::int64_t rows, bool may_double = false);
/// Runs the fixture with one word, in the kit's directory; its output.
[[nodiscard]] Result<std::string> run_fixture(Kit& kit, std::string_view word);

} // namespace jackfield::testkit
