// Rows in the text form of COPY, for types that have no binary form here: the server's own input functions read them.
#pragma once

#include "encode.hpp"

#include <jackfield/sdk/arrow/json.hpp>

namespace jackfield::postgres {

/// Values of one Arrow type as the server's input functions read them: numbers with all digits, ISO 8601, \x hexadecimal,
/// {arrays}; structures and maps as JSON. One thread at a time.
class ValueText {
public:
    explicit ValueText(const DataType& from);
    /// Appends the value of `row`, which is not null. The answer: what is wrong with it, nullptr if nothing is.
    const char* append(const ColumnView& column, std::int64_t row, Buffer& out);

private:
    const char* append_list(const ColumnView& column, std::int64_t row, Buffer& out);

    DataType type_; // without dictionaries and run-ends
    JsonValue json_;
    std::unique_ptr<ValueText> item_; // lists
    Buffer element_;
};

/// Whether the server's input function of `to` can be expected to read the text of `from`.
[[nodiscard]] bool text_will_do(const DataType& from, const PgType& to);

[[nodiscard]] std::unique_ptr<RowEncoder> make_text_rows(CopyColumns columns);

} // namespace jackfield::postgres
