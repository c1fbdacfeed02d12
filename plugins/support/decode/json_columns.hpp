// JsonColumns: records of JSON into columns, value by value.
#pragma once

#include "parse.hpp"

#include <jackfield/sdk/arrow/builder.hpp>

#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#if defined(__x86_64__)
#include <emmintrin.h>
#endif

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

    /// Before records: room for `rows` of them, which are all in `text`.
    void begin(std::size_t rows, std::string_view text);
    /// Adds the record whose first token is i, and moves i behind it. False: nothing was added, fault() says why.
    [[nodiscard]] bool add(const JsonTokens& tokens, std::size_t& i);
    [[nodiscard]] const JsonFault& fault() const { return fault_; }
    /// After records: they count.
    void end();
    /// The batch was finished.
    void start_batch();

private:
    /// Compares text with what it may start with, 16 bytes at once. Value.
    class Start {
    public:
        Start() = default;
        explicit Start(std::string_view text);
        /// Requires: text_padding bytes are readable behind the end of the text.
        [[nodiscard]] bool of(const char* text) const
        {
#if defined(__x86_64__)
            const __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text)), _mm_loadu_si128(reinterpret_cast<const __m128i*>(first_)));
            const bool starts = (static_cast<unsigned>(_mm_movemask_epi8(same)) & counts_) == counts_;
#else
            const bool starts = std::memcmp(text, first_, size_) == 0;
#endif
            return starts && (rest_.empty() || std::memcmp(text + 16, rest_.data(), rest_.size()) == 0);
        }

    private:
        char first_[16] = {};
        unsigned counts_ = 0; // a bit for each byte of first_ that counts
        std::uint32_t size_ = 0; // how many those are
        std::string rest_;
    };

    struct Column {
        // What every record touches comes first.
        Start start;           // how the field begins: the name in quotes and a colon
        char ending[2] = {};   // how a field of text ends in its place: a quote, then a comma or brace
        Type type;
        std::uint8_t* values = nullptr;
        char* data = nullptr;
        std::uint64_t seen = 0; // the record that had it last
        Zone zone;
        bool nested = false;
        std::uint32_t number;
        std::int64_t per_second;
        int precision, scale;
        std::uint8_t* validity = nullptr;
        std::int64_t nulls = 0; // of the batch
        bool tracks_nulls = false;
        std::string name;
    };

    template <bool escapes>
    [[nodiscard, gnu::always_inline]] inline std::size_t add_in_order(const JsonTokens& tokens, std::size_t i);
    template <bool escapes>
    [[nodiscard, gnu::always_inline]] inline bool store_plain(Column& column, const char* value, const char* end);
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
    bool escapes_ = false;   // a backslash is somewhere in this begin()'s text
    JsonFault fault_;
    std::string scratch_;
};

} // namespace jackfield::files
