// The lexical rules are those of the PostgreSQL documentation, chapter 4.1, with standard_conforming_strings on.
#include "statements.hpp"

#include <algorithm>

namespace jackfield::postgres {
namespace {

bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '$'; }

std::string in_capitals(std::string_view word)
{
    std::string out(word);
    for (char& c : out)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    return out;
}

/// Reads a script from its front. One use.
class Splitter {
public:
    explicit Splitter(std::string_view script) : script_(script) {}

    Result<std::vector<Statement>> split()
    {
        while (at_ < script_.size())
            JF_TRY(take_one());
        finish();
        return std::move(out_);
    }

private:
    /// Moves over one token and keeps it.
    Status take_one()
    {
        const char c = script_[at_];
        const char next = at_ + 1 < script_.size() ? script_[at_ + 1] : '\0';
        if (c == '-' && next == '-')
            return keep(std::min(script_.find('\n', at_), script_.size()));
        if (c == '/' && next == '*')
            return take_comment();
        if (c == '\'' || c == '"')
            return take_quoted(c, false);
        if (c == '$' && is_digit(next))
            return take_placeholder();
        if (c == '$')
            return take_dollar_quoted();
        if (starts_word(c))
            return take_word();
        if (c == ';' && depth_ == 0 && body_ == 0) {
            ++at_;
            finish();
            return {};
        }
        depth_ += c == '(' || c == '[' ? 1 : (c == ')' || c == ']') && depth_ > 0 ? -1 : 0;
        if (is_digit(c)) // 1e5 and 1_000 hold no words
            return keep(std::find_if_not(script_.begin() + static_cast<std::ptrdiff_t>(at_), script_.end(), in_word) - script_.begin());
        return keep(at_ + 1);
    }

    /// Keeps the text up to `end` in the statement; blanks and comments do not begin one.
    Status keep(std::size_t end)
    {
        const std::string_view text = script_.substr(at_, end - at_);
        const bool blank = text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos || text.starts_with("--") || text.starts_with("/*");
        if (!blank && !begun_) {
            begun_ = true;
            now_.line = static_cast<std::size_t>(std::count(script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(at_), '\n')) + 1;
        }
        now_.sql += text;
        at_ = end;
        return {};
    }

    Status keep(std::ptrdiff_t end) { return keep(static_cast<std::size_t>(end)); }

    Error open(std::string_view what) const
    {
        const auto line = std::count(script_.begin(), script_.begin() + static_cast<std::ptrdiff_t>(at_), '\n') + 1;
        return fail(JF_E_CONFIG, "the " + std::string(what) + " that begins in line " + std::to_string(line) + " of the SQL is not closed");
    }

    Status take_comment() // they nest
    {
        int depth = 0;
        for (std::size_t i = at_; i + 1 < script_.size(); ++i) {
            if (script_[i] == '/' && script_[i + 1] == '*') {
                ++depth;
                ++i;
            } else if (script_[i] == '*' && script_[i + 1] == '/') {
                ++i;
                if (--depth == 0)
                    return keep(i + 1);
            }
        }
        return open("comment");
    }

    Status take_quoted(char quote, bool escapes)
    {
        for (std::size_t i = at_ + 1; i < script_.size(); ++i) {
            if (escapes && script_[i] == '\\')
                ++i;
            else if (script_[i] == quote && i + 1 < script_.size() && script_[i + 1] == quote)
                ++i;
            else if (script_[i] == quote)
                return keep(i + 1);
        }
        return open(quote == '"' ? "quoted name" : "quoted text");
    }

    Status take_dollar_quoted()
    {
        std::size_t end = at_ + 1;
        while (end < script_.size() && in_word(script_[end]) && script_[end] != '$')
            ++end;
        if (end >= script_.size() || script_[end] != '$')
            return keep(at_ + 1);
        const std::string_view tag = script_.substr(at_, end + 1 - at_);
        const auto close = script_.find(tag, end + 1);
        if (close == std::string_view::npos)
            return open("text in " + std::string(tag));
        return keep(close + tag.size());
    }

    Status take_placeholder()
    {
        std::size_t end = at_ + 1, number = 0;
        for (; end < script_.size() && is_digit(script_[end]); ++end)
            number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(script_[end] - '0'), 100'000);
        const std::size_t value = number - 1; // $0 becomes a value that nobody gives
        auto known = std::find(now_.values.begin(), now_.values.end(), value);
        if (known == now_.values.end())
            known = now_.values.insert(known, value);
        JF_TRY(keep(at_ + 1));
        now_.sql += std::to_string(known - now_.values.begin() + 1);
        at_ = end;
        return {};
    }

    Status take_word()
    {
        std::size_t end = at_;
        while (end < script_.size() && in_word(script_[end]))
            ++end;
        const std::string word = in_capitals(script_.substr(at_, end - at_));
        if (word == "E" && end < script_.size() && script_[end] == '\'') {
            JF_TRY(keep(end));
            return take_quoted('\'', true);
        }
        if (now_.word.empty())
            now_.word = word;
        now_.into = now_.into || (word == "INTO" && depth_ == 0);
        if (word == "ATOMIC" && before_ == "BEGIN" && now_.word == "CREATE")
            body_ = 1;
        else if (body_ > 0)
            body_ += word == "CASE" ? 1 : word == "END" ? -1 : 0;
        before_ = word;
        return keep(end);
    }

    void finish()
    {
        if (begun_) {
            const auto last = now_.sql.find_last_not_of(" \t\r\n\f\v");
            now_.sql.resize(last + 1);
            now_.sql.erase(0, now_.sql.find_first_not_of(" \t\r\n\f\v"));
            out_.push_back(std::move(now_));
        }
        now_ = {};
        before_.clear();
        begun_ = false;
        depth_ = body_ = 0;
    }

    std::string_view script_;
    std::size_t at_ = 0;
    Statement now_;
    std::string before_; // the word before this one
    bool begun_ = false;
    int depth_ = 0; // of parentheses
    int body_ = 0;  // of BEGIN ATOMIC and CASE within it
    std::vector<Statement> out_;
};

} // namespace

Result<std::vector<Statement>> split_statements(std::string_view script) { return Splitter(script).split(); }

} // namespace jackfield::postgres
