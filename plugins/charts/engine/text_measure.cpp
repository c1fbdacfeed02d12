// Text widths from FreeType metrics; fontconfig chooses the fonts, as it does when the picture is drawn.
#include "text_measure.hpp"

#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <cstdlib>
#include <map>
#include <unordered_map>
#include <vector>

namespace jackfield::charts {
namespace {

struct CssFont {
    std::string families; // comma-separated, as written
    double size = 12;
    bool bold = false;
};

// Reads "[style] [weight] SIZEpx families": all that ECharts writes.
CssFont parse_css_font(std::string_view font)
{
    CssFont out;
    while (!font.empty()) {
        const std::size_t space = font.find(' ');
        const std::string word(font.substr(0, space));
        font = space == std::string_view::npos ? std::string_view{} : font.substr(space + 1);
        if (word.size() > 2 && word.ends_with("px")) {
            out.size = std::strtod(word.c_str(), nullptr);
            out.families = font;
            break;
        }
        out.bold = out.bold || word == "bold" || word == "bolder" || std::atoi(word.c_str()) >= 600;
    }
    return out;
}

// The next character of UTF-8 text; a broken byte counts as U+FFFD.
char32_t next_char(std::string_view& text)
{
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0;
    if (length == 0 || length > text.size()) {
        text.remove_prefix(1);
        return 0xfffd;
    }
    char32_t out = length == 1 ? first : first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i)
        out = (out << 6U) | (byte(i) & 0x3fU);
    text.remove_prefix(length);
    return out;
}

// One font stack: the fonts that fontconfig would try, opened when a character needs them.
class Stack {
public:
    Stack(FT_Library library, const std::string& families, bool bold) : library_(library)
    {
        FcPattern* pattern = FcPatternCreate();
        std::string_view rest = families;
        while (!rest.empty()) {
            const std::size_t comma = rest.find(',');
            std::string family(rest.substr(0, comma));
            rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
            std::erase_if(family, [](char c) { return c == '"' || c == '\''; });
            family.erase(0, family.find_first_not_of(' '));
            FcPatternAddString(pattern, FC_FAMILY, reinterpret_cast<const FcChar8*>(family.c_str()));
        }
        FcPatternAddInteger(pattern, FC_WEIGHT, bold ? FC_WEIGHT_BOLD : FC_WEIGHT_REGULAR);
        FcConfigSubstitute(nullptr, pattern, FcMatchPattern);
        FcDefaultSubstitute(pattern);
        FcResult result = FcResultMatch;
        fonts_ = FcFontSort(nullptr, pattern, FcTrue, nullptr, &result);
        FcPatternDestroy(pattern);
        faces_.resize(fonts_ != nullptr ? static_cast<std::size_t>(fonts_->nfont) : 0, nullptr);
    }

    ~Stack()
    {
        for (FT_Face face : faces_)
            if (face != nullptr)
                FT_Done_Face(face);
        if (fonts_ != nullptr)
            FcFontSetDestroy(fonts_);
    }
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    // Advance of one character in em; a character that no font has is drawn as a box of about 0.6 em.
    double advance(char32_t c)
    {
        if (auto found = advances_.find(c); found != advances_.end())
            return found->second;
        double out = 0.6;
        for (std::size_t i = 0; i < faces_.size(); ++i) {
            FcCharSet* covered = nullptr;
            if (FcPatternGetCharSet(fonts_->fonts[i], FC_CHARSET, 0, &covered) != FcResultMatch ||
                FcCharSetHasChar(covered, c) == FcFalse)
                continue;
            FT_Face face = open(i);
            if (face == nullptr || face->units_per_EM == 0 || FT_Load_Char(face, c, FT_LOAD_NO_SCALE) != 0)
                continue;
            out = static_cast<double>(face->glyph->metrics.horiAdvance) / face->units_per_EM;
            break;
        }
        advances_.emplace(c, out);
        return out;
    }

private:
    FT_Face open(std::size_t i)
    {
        if (faces_[i] == nullptr) {
            FcChar8* file = nullptr;
            int index = 0;
            if (FcPatternGetString(fonts_->fonts[i], FC_FILE, 0, &file) == FcResultMatch) {
                FcPatternGetInteger(fonts_->fonts[i], FC_INDEX, 0, &index);
                if (FT_New_Face(library_, reinterpret_cast<const char*>(file), index, &faces_[i]) != 0)
                    faces_[i] = nullptr;
            }
        }
        return faces_[i];
    }

    FT_Library library_;
    FcFontSet* fonts_ = nullptr;
    std::vector<FT_Face> faces_;
    std::unordered_map<char32_t, double> advances_;
};

} // namespace

struct TextMeasure::Impl {
    FT_Library library = nullptr;
    std::map<std::pair<std::string, bool>, std::unique_ptr<Stack>> stacks;
    std::map<std::string, CssFont, std::less<>> fonts;
};

TextMeasure::TextMeasure() : impl_(std::make_unique<Impl>())
{
    FT_Init_FreeType(&impl_->library);
}

TextMeasure::~TextMeasure()
{
    impl_->stacks.clear();
    FT_Done_FreeType(impl_->library);
}

double TextMeasure::width(std::string_view text, std::string_view font)
{
    auto known = impl_->fonts.find(font);
    if (known == impl_->fonts.end())
        known = impl_->fonts.emplace(std::string(font), parse_css_font(font)).first;
    const CssFont& css = known->second;
    auto& stack = impl_->stacks[{css.families, css.bold}];
    if (!stack)
        stack = std::make_unique<Stack>(impl_->library, css.families, css.bold);
    double em = 0;
    while (!text.empty())
        em += stack->advance(next_char(text));
    return em * css.size;
}

} // namespace jackfield::charts
