// How wide a text is when it is drawn, found from the metrics of the fonts of this machine.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace jackfield::charts {

/// Adds up the advances of a text's characters, each taken from the first font that has it, in the order in which
/// fontconfig would try them. No shaping and no kerning: Arabic and ligatures come out a little too wide, which is
/// the safe side. One thread at a time.
class TextMeasure {
public:
    TextMeasure();
    ~TextMeasure();
    TextMeasure(const TextMeasure&) = delete;
    TextMeasure& operator=(const TextMeasure&) = delete;

    /// Width in CSS pixels of UTF-8 `text` in a CSS font such as "bold 12px 'Noto Sans', sans-serif".
    double width(std::string_view text, std::string_view font);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace jackfield::charts
