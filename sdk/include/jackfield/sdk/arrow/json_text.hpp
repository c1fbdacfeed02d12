// append_json_text: text as a JSON string into a Buffer.
#pragma once

#include <jackfield/sdk/arrow/buffer.hpp>
#include <jackfield/sdk/quote.hpp>

namespace jackfield {
namespace detail {

inline void put(Buffer& out, char c) { out.push(c); }

} // namespace detail

/// Appends `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
inline void append_json_text(Buffer& out, std::string_view text)
{
    out.room(text.size() + 2);
    detail::quote_json(out, text);
}

} // namespace jackfield
