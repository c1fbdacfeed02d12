// Reading JSON: finding records, indexing a run of them at once, and one by one where the run has a bad one.
#include "json.hpp"

#include "guess.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::files {
namespace {

constexpr std::size_t sample_bytes = 8 << 20;
// Few enough records that their text and its index stay close to the processor.
constexpr std::size_t run_text = 48 << 10;

[[nodiscard]] bool blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// One field of the sample: what its values are.
struct FieldGuess {
    std::string name;
    Guess texts;
    bool text = false, number = false, truth = false, nested = false;
    bool int64 = true, uint64 = true, small = true;

    void add(std::string_view token)
    {
        std::string padded;
        if (token == "null")
            return;
        if (token.front() == '"') {
            text = true;
            if (unescape_json(token, padded)) {
                const std::size_t size = padded.size();
                padded.append(text_padding, '\0');
                texts.add(std::string_view(padded).substr(0, size));
            }
        } else if (token.front() == '{' || token.front() == '[') {
            nested = true;
        } else if (token == "true" || token == "false") {
            truth = true;
        } else {
            number = true;
            std::int64_t whole = 0;
            std::uint64_t positive = 0;
            const bool fits = parse_integer(token.data(), token.size(), whole) == Parsed::ok;
            const bool fits_positive = parse_integer(token.data(), token.size(), positive) == Parsed::ok;
            int64 = int64 && fits;
            uint64 = uint64 && fits_positive;
            if (!fits && !fits_positive && token.find_first_of(".eE") == token.npos)
                small = false; // a whole number beyond 64 bits would lose digits in a double
        }
    }
    [[nodiscard]] DataType type() const
    {
        if (text + number + truth + nested != 1 || nested || (number && !small && !int64 && !uint64))
            return Type::utf8;
        if (truth)
            return Type::boolean;
        if (number)
            return int64 ? Type::int64 : uint64 ? Type::uint64 : Type::float64;
        const DataType found = texts.type();
        return found.type == Type::timestamp || found.type == Type::date32 ? found : DataType(Type::utf8);
    }
};

} // namespace

/// JSON text between the records of a file: brackets and commas.
std::string JsonSplitter::split(std::string_view text, bool at_end, std::vector<JsonSpan>& spans, std::size_t& done)
{
    std::size_t i = 0;
    done = 0;
    for (;;) {
        while (i < text.size() && blank(text[i]))
            ++i;
        done = i;
        if (i == text.size())
            return at_end && state_ != State::end && state_ != State::objects && state_ != State::start ? "the array is not closed: the file was cut off" : "";
        const char c = text[i];
        if (state_ == State::start && (c == '[' || c == ',')) { // a comma: the file is read from its middle on
            state_ = c == '[' ? State::before_first : State::before_next;
            ++i;
            continue;
        }
        if (state_ == State::start && c == ']') {
            state_ = State::end;
            ++i;
            continue;
        }
        if (state_ == State::start)
            state_ = State::objects;
        if (state_ == State::end)
            return "more text stands after the array";
        if (c == ']' && (state_ == State::before_first || state_ == State::behind)) {
            state_ = State::end;
            ++i;
            continue;
        }
        if (state_ == State::behind) {
            if (c != ',')
                return "a comma or bracket is expected between two records";
            state_ = State::before_next;
            ++i;
            continue;
        }
        // A record: to the bracket that closes it, or to the next comma, bracket or white space.
        const std::size_t start = i;
        std::size_t depth = 0;
        bool quoted = false, closed = false;
        for (; i < text.size() && !closed; ++i) {
            const char d = text[i];
            if (quoted) {
                if (d == '\\')
                    ++i;
                else if (d == '"')
                    quoted = false;
                continue;
            }
            if (d == '"') {
                quoted = true;
            } else if (d == '{' || d == '[') {
                ++depth;
            } else if (d == '}' || d == ']') {
                if (depth == 0)
                    break;
                closed = --depth == 0;
            } else if (depth == 0 && (d == ',' || blank(d))) {
                break;
            }
        }
        if (i >= text.size() && !closed && !at_end)
            return {}; // goes on in the next piece
        if (i == start)
            return "a record is expected before '" + std::string(1, c) + "'";
        i = std::min(i, text.size());
        spans.push_back({static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(i)});
        if (state_ != State::objects)
            state_ = State::behind;
    }
}

JsonDecoder::JsonDecoder(std::unique_ptr<Window> window, JsonOptions options, std::string name)
    : window_(std::move(window)), options_(std::move(options)), name_(std::move(name))
{
}

/// Finds the records in what the window holds.
Status JsonDecoder::split()
{
    spans_.clear();
    next_span_ = split_shift_ = split_end_ = 0;
    const char* const text = window_->text();
    const std::size_t size = window_->size();
    if (!options_.lines) {
        next_splitter_ = splitter_;
        const std::string wrong = next_splitter_.split({text, size}, window_->at_end(), spans_, split_end_);
        if (!spans_.empty()) { // what comes behind them is looked at again
            split_end_ = spans_.back().end;
            next_splitter_ = next_splitter_.after_record();
        } else if (!wrong.empty()) {
            return fail(JF_E_DATA, wrong, name_ + ":" + std::to_string(line_ + static_cast<std::uint64_t>(std::count(text, text + split_end_, '\n'))));
        }
        return {};
    }
    std::size_t at = 0;
    while (at < size) {
        const void* newline = std::memchr(text + at, '\n', size - at);
        if (!newline && !window_->at_end())
            break;
        const std::size_t end = newline ? static_cast<std::size_t>(static_cast<const char*>(newline) - text) : size;
        spans_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
        at = end + (newline ? 1 : 0);
    }
    split_end_ = at;
    return {};
}

Result<InputState> JsonDecoder::split_more()
{
    for (;;) {
        auto more = window_->more();
        if (!more)
            return std::move(more).error().at(name_ + ":" + std::to_string(line_));
        if (*more == InputState::idle)
            return *more;
        if (!skipped_bom_ && (window_->size() >= 3 || *more == InputState::end)) {
            skipped_bom_ = true;
            const std::string_view front(window_->text(), window_->size());
            if (front.substr(0, 2) == "\xFF\xFE" || front.substr(0, 2) == "\xFE\xFF")
                return fail(JF_E_DATA, name_ + " is UTF-16; convert it to UTF-8 first (iconv -f UTF-16 -t UTF-8)");
            if (front.substr(0, 3) == "\xEF\xBB\xBF")
                window_->take(3);
        }
        JF_TRY(split());
        if (!spans_.empty())
            return InputState::more;
        if (*more == InputState::end) {
            line_ += static_cast<std::uint64_t>(std::count(window_->text(), window_->text() + window_->size(), '\n'));
            window_->take(window_->size());
            splitter_ = next_splitter_;
            return InputState::end;
        }
        // Only white space, brackets or commas so far: they need no second look.
        line_ += static_cast<std::uint64_t>(std::count(window_->text(), window_->text() + split_end_, '\n'));
        window_->take(split_end_);
        splitter_ = next_splitter_;
    }
}

Result<InputState> JsonDecoder::start(const std::optional<Schema>& known)
{
    const bool infer_schema = !known && options_.columns.empty();
    while (spans_.size() < (infer_schema ? options_.sample_rows : 1) && window_->size() < sample_bytes) {
        JF_ASSIGN(const InputState more, split_more());
        if (more == InputState::idle)
            return more;
        if (more == InputState::end || window_->at_end() || window_->input().is_pipe())
            break;
    }
    if (known) {
        JF_TRY(set_schema(*known));
    } else if (!infer_schema) {
        Schema schema;
        for (const DeclaredColumn& column : options_.columns)
            schema.fields.push_back({column.name, column.type});
        JF_TRY(set_schema(std::move(schema)));
    } else {
        Schema schema = infer();
        if (schema.size() == 0)
            return fail(JF_E_DATA, name_ + " has no record to take columns from; declare columns");
        JF_TRY(set_schema(std::move(schema)));
    }
    return InputState::more;
}

Status JsonDecoder::resume(const Schema& known, std::uint64_t line)
{
    line_ = line;
    skipped_bom_ = true;
    return set_schema(known);
}

Status JsonDecoder::set_schema(Schema schema)
{
    const UnknownField unknown = options_.unknown.value_or(options_.columns.empty() ? UnknownField::refuse : UnknownField::ignore);
    builder_.emplace(std::move(schema));
    JF_ASSIGN(columns_, JsonColumns::make(*builder_, unknown));
    return {};
}

Schema JsonDecoder::infer() const
{
    std::vector<FieldGuess> guesses;
    JsonIndex index;
    const char* const text = split_text();
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(spans_.size(), options_.sample_rows));
    for (std::size_t span = 0; span < count; ++span) {
        const auto [start, end] = spans_[span];
        if (index.build(text + start, end - start) != JsonIndex::State::ok || index.size() == 0)
            continue;
        const JsonTokens tokens{text + start, index.places(), end - start};
        if (tokens.at(0) != '{' || skip_json_value(tokens, 0) == 0)
            continue;
        std::size_t expected = 0;
        for (std::size_t i = 1; tokens.has(i + 2);) {
            std::string name;
            const std::size_t next = skip_json_value(tokens, i + 2);
            if (unescape_json(tokens.between(i, i + 1), name)) {
                if (expected >= guesses.size() || guesses[expected].name != name) {
                    const auto found = std::find_if(guesses.begin(), guesses.end(), [&](const FieldGuess& guess) { return guess.name == name; });
                    expected = static_cast<std::size_t>(found - guesses.begin());
                    if (found == guesses.end())
                        guesses.push_back({name, {}});
                }
                guesses[expected++].add(tokens.between(i + 2, next));
            }
            i = next + 1;
        }
    }
    Schema schema;
    for (const FieldGuess& guess : guesses)
        schema.fields.push_back({guess.name, guess.type()});
    return schema;
}

Result<ReadState> JsonDecoder::read(const ReadLimits& limits, const OnBadRecord& on_bad, OwnedArray& out)
{
    bool moved = false;
    ReadState state = ReadState::batch;
    while (static_cast<std::uint64_t>(builder_->rows()) < limits.rows && builder_->bytes() < limits.bytes && window_->offset() < limits.until) {
        if (next_span_ == spans_.size()) {
            if (builder_->rows() > 0 && window_->input().is_pipe())
                break; // hand out what came rather than wait for more
            const std::uint64_t before = window_->offset();
            JF_ASSIGN(const InputState more, split_more());
            moved = moved || window_->offset() != before;
            if (more != InputState::more) {
                state = more == InputState::end ? ReadState::end : ReadState::idle;
                break;
            }
        }
        const std::size_t count = spans_within(limits);
        if (count == 0)
            break;
        JF_TRY(decode(count, on_bad));
        moved = true;
    }
    if (!moved)
        return window_->offset() >= limits.until ? ReadState::end : state;
    JF_ASSIGN(out, builder_->finish());
    columns_->start_batch();
    return ReadState::batch;
}

/// Where a later reader goes on after this record.
std::size_t JsonDecoder::span_end(std::size_t span) const
{
    if (span + 1 == spans_.size())
        return split_end_;
    return options_.lines ? spans_[span + 1].start : spans_[span].end; // a comma tells the next reader that this is an array
}

std::size_t JsonDecoder::spans_within(const ReadLimits& limits) const
{
    std::size_t count = std::min<std::uint64_t>(spans_.size() - next_span_, limits.rows - static_cast<std::uint64_t>(builder_->rows()));
    const std::size_t width = window_->size() / (spans_.size() - next_span_) + 1;
    count = std::min(count, std::max<std::size_t>(run_text / width, 16));
    const std::uint64_t origin = window_->offset() - split_shift_;
    while (count > 0 && limits.until != UINT64_MAX && origin + span_end(next_span_ + count - 1) > limits.until)
        --count;
    return count;
}

void JsonDecoder::take_spans(std::size_t count)
{
    next_span_ += count;
    const std::size_t end = span_end(next_span_ - 1), bytes = end - split_shift_;
    if (options_.lines)
        line_ += count;
    else
        line_ += static_cast<std::uint64_t>(std::count(window_->text(), window_->text() + bytes, '\n'));
    window_->take(bytes);
    split_shift_ = end;
    if (next_span_ == spans_.size())
        splitter_ = next_splitter_;
}

Status JsonDecoder::decode(std::size_t count, const OnBadRecord& on_bad)
{
    const std::uint32_t start = spans_[next_span_].start, end = spans_[next_span_ + count - 1].end;
    if (index_.build(split_text() + start, end - start) != JsonIndex::State::ok)
        return decode_one_by_one(count, on_bad);
    columns_->begin(count, {split_text() + start, end - start});
    const Status decoded = decode_spans(next_span_, count, start, on_bad);
    columns_->end();
    JF_TRY(decoded);
    take_spans(count);
    return {};
}

/// Somewhere in these records is a byte that spoils the index of all of them.
Status JsonDecoder::decode_one_by_one(std::size_t count, const OnBadRecord& on_bad)
{
    for (; count > 0; --count) {
        const auto [start, end] = spans_[next_span_];
        const JsonIndex::State state = index_.build(split_text() + start, end - start);
        if (state == JsonIndex::State::failed)
            return fail(JF_E_EXHAUSTED, "out of memory for a record of " + std::to_string(end - start) + " bytes");
        if (state == JsonIndex::State::ok) {
            columns_->begin(1, {split_text() + start, end - start});
            const Status decoded = decode_spans(next_span_, 1, start, on_bad);
            columns_->end();
            JF_TRY(decoded);
        } else {
            JF_TRY(refuse(next_span_,
                state == JsonIndex::State::encoding ? JsonFault{{}, "encoding", "the record is not UTF-8"}
                    : state == JsonIndex::State::control ? JsonFault{{}, "json", "a string holds a control character that is not escaped"}
                                                         : JsonFault{{}, "json", "a string is not closed"},
                on_bad));
        }
        take_spans(1);
    }
    return {};
}

/// Requires: the index was built from place `from` of the split text on.
Status JsonDecoder::decode_spans(std::size_t first, std::size_t count, std::uint32_t from, const OnBadRecord& on_bad)
{
    JsonTokens tokens{split_text() + from, index_.places(), 0, index_.size()};
    std::size_t i = 0;
    for (std::size_t span = first; span < first + count; ++span) {
        const auto [start, end] = spans_[span];
        tokens.end = end - from;
        while (tokens.places[i] < start - from)
            ++i; // commas between records
        if (!tokens.has(i))
            continue; // a blank line
        if (columns_->add(tokens, i)) [[likely]]
            continue;
        JF_TRY(refuse(span, columns_->fault(), on_bad));
        while (tokens.has(i))
            ++i;
    }
    return {};
}

Status JsonDecoder::refuse(std::size_t span, const JsonFault& fault, const OnBadRecord& on_bad)
{
    const auto [start, end] = spans_[span];
    std::uint64_t line = line_ + (span - next_span_);
    if (!options_.lines)
        line = line_ + static_cast<std::uint64_t>(std::count(static_cast<const char*>(window_->text()), split_text() + start, '\n'));
    return on_bad({line, fault.column, fault.code, fault.message, {split_text() + start, end - start}});
}

} // namespace jackfield::files
