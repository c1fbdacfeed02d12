// Fields of CSV rows into columns: one kernel for each type, which reads a run of rows down one column.
#pragma once

#include "parse.hpp"
#include "scan.hpp"

#include <jackfield/sdk/arrow/column_builder.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace jackfield::files {

/// How the text of a field becomes a value. Value.
struct FieldRules {
    Dialect dialect;
    std::vector<std::string> nulls = {""};

    /// Bit n: some spelling of null has n bytes; bit 63: 63 or more.
    std::uint64_t null_lengths = 1;
    void prepare();
    [[nodiscard]] bool is_null(std::string_view field) const
    {
        if ((null_lengths >> (field.size() < 63 ? field.size() : 63) & 1) == 0) [[likely]]
            return false;
        for (const std::string& null : nulls)
            if (null == field)
                return true;
        return false;
    }
};

/// Rows of equal width in scanned text. The field of row r in this column is text[ends[r * stride - 1] + 1, ends[r * stride]).
struct FieldRun {
    const char* text;
    const std::uint32_t* ends; ///< of the column in the first row; [-1] may be read
    std::size_t rows, stride;
    bool last;       ///< last column: a carriage return at the end is no part of the field
    bool plain;      ///< no quotes, escapes or blanks to remove
    bool check_utf8; ///< the text holds bytes that are not UTF-8
};

/// One value that could not be taken.
struct Fault {
    std::uint32_t row, column;
    Parsed why;
};

/// The content of a field. `padded` is text_padding readable bytes behind it.
struct Content {
    std::string_view text;
    bool quoted = false;
};

/// Takes quotes, escapes and blanks away. `scratch` holds the result where it is not a part of `field`.
[[nodiscard]] Content clean_field(std::string_view field, const FieldRules& rules, std::string& scratch);

/// Reads fields of one column. One thread at a time.
class FieldReader {
public:
    /// Fails with JF_E_CONFIG if CSV cannot hold such a column.
    [[nodiscard]] static Result<FieldReader> make(const DataType& type, const FieldRules* rules, std::uint32_t number);

    /// Adds one value for each row of `run`; where one does not fit, a null and a fault.
    void read(const FieldRun& run, ColumnBuilder& column, std::vector<Fault>& faults)
    {
        kernel_(*this, run, column, faults);
    }
    /// A batch was finished: the next one starts without nulls.
    void start_batch() { nulls_ = 0, tracks_nulls_ = false; }
    /// The column was cut to `rows` rows, of which `nulls` are null.
    [[nodiscard]] std::int64_t nulls() const { return nulls_; }
    void restore(std::int64_t nulls) { nulls_ = nulls; }

private:
    friend struct Kernels;
    using Kernel = void (*)(FieldReader&, const FieldRun&, ColumnBuilder&, std::vector<Fault>&);

    Kernel kernel_ = nullptr;
    const FieldRules* rules_ = nullptr;
    std::uint32_t number_ = 0;
    int precision_ = 0, scale_ = 0;
    std::int64_t per_second_ = 0;
    Zone zone_ = Zone::none;
    std::int64_t nulls_ = 0;
    bool tracks_nulls_ = false; // whether the column of this batch has validity bits
    std::string scratch_;
};

} // namespace jackfield::files
