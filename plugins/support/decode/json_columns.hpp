// JsonColumns: records of JSON into columns, value by value.
#pragma once

#include "parse.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace jackfield::files {

/// What is wrong with a record. Value.
struct JsonFault {
    std::string_view column, code;
    std::string message;
};

/// Tokens of one record: places in text, as JsonIndex finds them. Value.
struct JsonTokens {
    const char* text;
    const std::uint32_t* places;
    std::uint32_t end; ///< the record ends before this place of the text
    std::size_t count = 0; ///< of places, as far as they may be looked at without has(); of this record and those after it

    [[nodiscard]] bool has(std::size_t i) const { return places[i] < end; }
    [[nodiscard]] char at(std::size_t i) const { return text[places[i]]; }
    /// The text from token i to right before token `next`, without the white space at its end.
    [[nodiscard]] std::string_view between(std::size_t i, std::size_t next) const
    {
        const char* from = text + places[i];
        const char* to = text + (places[next] < end ? places[next] : end);
        while (to[-1] == ' ' || to[-1] == '\n' || to[-1] == '\r' || to[-1] == '\t')
            --to;
        return {from, static_cast<std::size_t>(to - from)};
    }
};

/// Checks the value that starts at token i, with all that is inside of it. The token after it; 0: it is no JSON.
[[nodiscard]] std::size_t skip_json_value(const JsonTokens& tokens, std::size_t i, int depth = 0);
/// Whether `token` is a number as RFC 8259 has them.
[[nodiscard]] bool valid_json_number(std::string_view token);
/// The content of a string token, quotes included in `token`, appended to `out`; false: a bad escape.
[[nodiscard]] bool unescape_json(std::string_view token, std::string& out);
/// Adds the value at token i (which ends before token `next`) to a column of any type. Empty, or what is wrong.
[[nodiscard]] std::string append_json(ColumnBuilder& column, const JsonTokens& tokens, std::size_t i, std::size_t next);

/// What to do with a field that no column has.
enum class UnknownField : std::uint8_t { ignore, refuse };

/// Fills the columns of a batch. One thread at a time.
class JsonColumns {
public:
    /// Fails with JF_E_CONFIG if JSON cannot hold such a column. `builder` outlives this.
    [[nodiscard]] static Result<JsonColumns> make(BatchBuilder& builder, UnknownField unknown);

    /// Before records: room for `rows` of them, in `bytes` of text.
    void begin(std::size_t rows, std::size_t bytes);
    /// Adds the record whose first token is i, and moves i behind it. False: nothing was added, fault() says why.
    [[nodiscard]] bool add(const JsonTokens& tokens, std::size_t& i);
    [[nodiscard]] const JsonFault& fault() const { return fault_; }
    /// After records: they count.
    void end();
    /// The batch was finished.
    void start_batch();

private:
    struct Column {
        // What every record touches comes first.
        std::uint64_t key[2], mask[2]; // the first bytes of the name and its closing quote
        std::uint64_t seen = 0;        // the record that had it last
        std::uint8_t* values = nullptr;
        char* data = nullptr;
        Type type;
        Zone zone;
        bool nested = false, long_name = false;
        std::uint32_t number;
        std::int64_t per_second;
        int precision, scale;
        std::uint8_t* validity = nullptr;
        std::int64_t nulls = 0; // of the batch
        bool tracks_nulls = false;
        std::string name, quoted; // quoted: the name and a closing quote
    };

    [[nodiscard]] bool matches(const Column& column, const char* key) const
    {
        return (((load8(key) ^ column.key[0]) & column.mask[0]) | ((load8(key + 8) ^ column.key[1]) & column.mask[1])) == 0
            && (!column.long_name || std::memcmp(key + 16, column.quoted.data() + 16, column.quoted.size() - 16) == 0);
    }
    [[nodiscard, gnu::always_inline]] inline std::size_t add_in_order(const JsonTokens& tokens, std::size_t i);
    [[nodiscard, gnu::always_inline]] inline bool store_plain(Column& column, const char* value, std::size_t size);
    [[nodiscard]] bool add_in_any_order(const JsonTokens& tokens, std::size_t& i, std::size_t filled);
    [[nodiscard, gnu::cold]] bool wrong_name(const JsonTokens& tokens, std::size_t i);
    [[nodiscard, gnu::noinline]] bool skip_unknown(const JsonTokens& tokens, std::size_t i, std::size_t next);
    [[nodiscard, gnu::noinline]] Column* find(std::string_view token);
    [[nodiscard]] bool store(Column& column, const JsonTokens& tokens, std::size_t i, std::size_t next);
    [[nodiscard, gnu::noinline]] bool store_other(Column& column, const JsonTokens& tokens, std::size_t i, std::size_t next, std::string_view token);
    [[nodiscard]] bool store_time(Column& column, std::string_view text, std::string_view token);
    template <class T>
    [[nodiscard]] bool put(Column& column, Parsed parsed, T value, std::string_view token)
    {
        if (parsed != Parsed::ok) [[unlikely]]
            return refuse_value(column, parsed, token);
        reinterpret_cast<T*>(column.values)[row_] = value;
        return true;
    }
    template <class T>
    [[nodiscard]] bool put_integer(Column& column, std::string_view token);
    template <class Offset>
    [[nodiscard]] bool put_text(Column& column, std::string_view token);
    void put_boolean(Column& column, bool value)
    {
        const std::size_t at = base_ + row_;
        const auto byte = static_cast<std::uint8_t>((at & 7) == 0 ? 0 : column.values[at >> 3] & ~(1u << (at & 7)));
        column.values[at >> 3] = static_cast<std::uint8_t>(byte | static_cast<unsigned>(value) << (at & 7));
    }
    void put_null(Column& column);
    [[nodiscard, gnu::cold]] bool refuse_value(const Column& column, Parsed parsed, std::string_view token);
    [[nodiscard, gnu::cold]] bool refuse(std::string_view column, std::string_view code, std::string message);
    void open_validity(Column& column);
    [[gnu::cold]] bool undo();

    BatchBuilder* builder_ = nullptr;
    UnknownField unknown_ = UnknownField::ignore;
    std::vector<Column> columns_;
    std::unordered_map<std::string, std::size_t> by_name_;
    std::size_t row_ = 0;    // of this begin()
    std::size_t base_ = 0;   // rows of the batch before it
    std::size_t room_ = 0;   // rows that begin() made room for
    std::uint64_t record_ = 0;
    JsonFault fault_;
    std::string scratch_;
};

} // namespace jackfield::files
