// Shared by the shape_*.cpp files: which column plays which part, grouping, and the pieces of the JSON.
#pragma once

#include "json_text.hpp"
#include "spec.hpp"
#include "table.hpp"

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace jackfield::charts {

/// The columns of a chart by their part; pointers into the table. Value.
struct Parts {
    const Column* x = nullptr; ///< null: the row number
    std::vector<const Column*> y;
    const Column* series = nullptr;
};

/// Looks up what the specification names and chooses what it leaves open. JF_E_CONFIG with the member as place.
Result<Parts> find_parts(const Spec& spec, const Table& table);

/// Several values of one cell become one; "sum", "mean", "min", "max" or "count". Value.
class Cell {
public:
    void add(double value);
    [[nodiscard]] double result(std::string_view aggregate) const; ///< NaN if nothing was added

private:
    double sum_ = 0;
    double low_ = 0;
    double high_ = 0;
    double count_ = 0;
};

/// Names in order of first appearance, each with a number. Value.
class Names {
public:
    std::size_t index_of(const std::string& name);
    [[nodiscard]] const std::vector<std::string>& all() const { return names_; }

private:
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::size_t> index_;
};

/// What the note at the bottom of the picture has to admit. Value.
struct Remarks {
    std::vector<std::string> lines;
    void cut(std::size_t shown, std::size_t of, std::string_view things);
};

/// "12,345".
std::string grouped(std::size_t number);

bool can_be_added(std::string_view aggregate); ///< "sum" and "count" have a meaningful "Others"

/// Appends "x": the part's name, or "" for none.
void append_names(std::string& out, const Parts& parts);
void append_remarks(std::string& out, const Remarks& remarks);
void append_json(std::string& out, const boost::json::value& value);

// One for each family of kinds: append the members of "data".
Status shape_xy(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows, std::size_t points);
Status shape_bars(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows);
Status shape_pie(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows);
Status shape_heatmap(std::string& out, const Spec& spec, const Table& table);
Status shape_histogram(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows);
Status shape_boxplot(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows);
Status shape_number(std::string& out, const Spec& spec, const Parts& parts, std::size_t rows);
Status shape_table(std::string& out, const Spec& spec, const Table& table);

} // namespace jackfield::charts
