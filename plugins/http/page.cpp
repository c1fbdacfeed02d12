// Decoding a body that is in memory.
#include "page.hpp"

#include "support/decode/csv.hpp"
#include "support/decode/json.hpp"

#include <algorithm>
#include <cstring>

namespace jackfield::http {
namespace {

/// A text as an input of the decoders. One thread at a time.
class TextInput final : public files::Input {
public:
    explicit TextInput(std::string text) : text_(std::move(text)) {}
    Result<files::InputState> read(char* data, std::size_t size, std::size_t& got) override
    {
        got = std::min(size, text_.size() - next_);
        std::memcpy(data, text_.data() + next_, got);
        next_ += got;
        return next_ == text_.size() ? files::InputState::end : files::InputState::more;
    }
    [[nodiscard]] std::uint64_t file_bytes() const override { return next_; }
    [[nodiscard]] bool is_pipe() const override { return false; }
    [[nodiscard]] files::Member member_of(std::uint64_t text_offset) override { return {text_offset, text_offset}; }

private:
    std::string text_;
    std::size_t next_ = 0;
};

} // namespace

Result<Page> Page::open(const SourceSettings& settings, std::string text, const std::string& name, const std::optional<Schema>& known)
{
    Page out;
    out.name_ = name;
    if (known && text.find_first_not_of(" \t\r\n") == text.npos) {
        out.schema_ = *known;
        return out;
    }
    auto window = std::make_unique<files::Window>(std::make_unique<TextInput>(std::move(text)), settings.max_record);
    if (settings.format == files::Format::csv)
        out.decoder_ = std::make_unique<files::CsvDecoder>(std::move(window), settings.csv, name);
    else
        out.decoder_ = std::make_unique<files::JsonDecoder>(std::move(window), settings.json, name);
    JF_TRY(out.decoder_->start(known));
    out.schema_ = out.decoder_->schema();
    return out;
}

Status Page::skip(std::uint64_t good, std::uint64_t bad)
{
    known_bad_ = bad;
    while (good_ < good) {
        OwnedArray ignored;
        JF_ASSIGN(const bool more, read({.rows = std::min<std::uint64_t>(good - good_, 65536)}, sdk::Rejects(nullptr), ignored));
        if (!more)
            return fail(JF_E_POSITION, name_ + " has fewer records than were read from it before; start over with --full-refresh");
    }
    return {};
}

Result<bool> Page::read(const files::ReadLimits& limits, const sdk::Rejects& rejects, OwnedArray& out)
{
    if (!decoder_)
        return false;
    const auto on_bad = [&](const files::BadRecord& record) -> Status {
        if (++bad_ <= known_bad_)
            return {}; // told before
        return rejects.add({.message = record.message, .place = name_ + ":" + std::to_string(record.line), .column = record.column, .code = record.code, .record = record.raw.substr(0, 64 << 10)});
    };
    JF_ASSIGN(const files::ReadState state, decoder_->read(limits, on_bad, out));
    if (state != files::ReadState::batch)
        return false;
    good_ += static_cast<std::uint64_t>(out->length);
    return true;
}

} // namespace jackfield::http
