// The scan of CSV text: vector compares make bit masks, bit arithmetic finds what is outside of quotes.
#include "scan.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace jackfield::files {
namespace {

/// Bit i is the exclusive or of bits 0 to i.
[[nodiscard]] std::uint64_t prefix_xor(std::uint64_t bits)
{
    for (unsigned shift = 1; shift < 64; shift *= 2)
        bits ^= bits << shift;
    return bits;
}

constexpr std::size_t blocks_at_once = 32;

} // namespace

Scanner::Scanner(const Dialect& dialect)
    : dialect_(dialect), find_masks_(find_masks_plain), quote_bits_(dialect.quote ? ~std::uint64_t{0} : 0)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw"))
        find_masks_ = find_masks_avx512;
    else if (__builtin_cpu_supports("avx2"))
        find_masks_ = find_masks_avx2;
#endif
}

#if defined(__x86_64__)

// SSE2 is part of x86-64.
void Scanner::find_masks_plain(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out)
{
    const __m128i delimiter = _mm_set1_epi8(dialect.delimiter), newline = _mm_set1_epi8('\n'), quote = _mm_set1_epi8(dialect.quote);
    for (std::size_t i = 0; i < blocks; ++i, text += 64) {
        Masks masks{};
        for (unsigned part = 0; part < 4; ++part) {
            const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + part * 16));
            const auto mask = [&](__m128i wanted) {
                return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted)))) << (part * 16);
            };
            masks.delimiter |= mask(delimiter);
            masks.newline |= mask(newline);
            masks.quote |= mask(quote);
        }
        out[i] = masks;
    }
}

__attribute__((target("avx2"))) void Scanner::find_masks_avx2(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out)
{
    const __m256i delimiter = _mm256_set1_epi8(dialect.delimiter), newline = _mm256_set1_epi8('\n'), quote = _mm256_set1_epi8(dialect.quote);
    for (std::size_t i = 0; i < blocks; ++i, text += 64) {
        const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text));
        const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + 32));
        // No lambda: it would not have the target of this function.
#define JF_MASK(wanted)                                                                                      \
    (static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted))))    \
        | static_cast<std::uint64_t>(static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)))) << 32)
        out[i] = {JF_MASK(delimiter), JF_MASK(newline), JF_MASK(quote)};
#undef JF_MASK
    }
}

__attribute__((target("avx512f,avx512bw"))) void Scanner::find_masks_avx512(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out)
{
    const __m512i delimiter = _mm512_set1_epi8(dialect.delimiter), newline = _mm512_set1_epi8('\n'), quote = _mm512_set1_epi8(dialect.quote);
    for (std::size_t i = 0; i < blocks; ++i, text += 64) {
        const __m512i bytes = _mm512_loadu_si512(text);
        out[i] = {_mm512_cmpeq_epi8_mask(bytes, delimiter), _mm512_cmpeq_epi8_mask(bytes, newline), _mm512_cmpeq_epi8_mask(bytes, quote)};
    }
}

#else

void Scanner::find_masks_plain(const char* text, std::size_t blocks, const Dialect& dialect, Masks* out)
{
    for (std::size_t i = 0; i < blocks; ++i, text += 64) {
        Masks masks{};
        for (unsigned bit = 0; bit < 64; ++bit) {
            masks.delimiter |= static_cast<std::uint64_t>(text[bit] == dialect.delimiter) << bit;
            masks.newline |= static_cast<std::uint64_t>(text[bit] == '\n') << bit;
            masks.quote |= static_cast<std::uint64_t>(text[bit] == dialect.quote) << bit;
        }
        out[i] = masks;
    }
}

#endif

void Scanner::scan(const char* text, std::size_t size)
{
    ends_.clear();
    rows_.clear();
    // One entry for each byte at most, and what emit() writes too much.
    next_end_ = reinterpret_cast<std::uint32_t*>(ends_.room((size + 80) * sizeof(std::uint32_t)));
    next_row_ = reinterpret_cast<std::uint32_t*>(rows_.room((size + 1) * sizeof(std::uint32_t)));
    *next_end_++ = UINT32_MAX;
    state_ = State::field_start;
    row_start_ = true;
    quotes_ = false;
    std::size_t at = 0;
    if (dialect_.escape == 0 && dialect_.comment == 0) {
        Masks masks[blocks_at_once];
        while (size - at >= 64) {
            const std::size_t left = (size - at) / 64, blocks = left < blocks_at_once ? left : blocks_at_once;
            find_masks_(text + at, blocks, dialect_, masks);
            for (std::size_t i = 0; i < blocks; ++i)
                take_masks(text, masks[i], at + i * 64);
            at += blocks * 64;
        }
    }
    step_through(text, at, size);
    row_count_ = static_cast<std::size_t>(next_row_ - rows_.as<std::uint32_t>());
}

inline void Scanner::emit(std::uint64_t structural, std::uint64_t newline, std::size_t at)
{
    std::uint32_t* end = next_end_;
    const std::uint32_t* const first = ends_.as<std::uint32_t>() + 1;
    while (newline) {
        // Everything up to the line feed, then the row.
        const std::uint64_t upto = newline ^ (newline - 1);
        for (std::uint64_t bits = structural & upto; bits; bits &= bits - 1)
            *end++ = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(__builtin_ctzll(bits));
        structural &= ~upto;
        newline &= newline - 1;
        *next_row_++ = static_cast<std::uint32_t>(end - first);
    }
    for (; structural; structural &= structural - 1)
        *end++ = static_cast<std::uint32_t>(at) + static_cast<std::uint32_t>(__builtin_ctzll(structural));
    next_end_ = end;
}

inline void Scanner::take_masks(const char* text, const Masks& masks, std::size_t at)
{
    const std::uint64_t all = masks.delimiter | masks.newline;
    const bool quoted = state_ == State::quoted;
    const std::uint64_t quotes = masks.quote & quote_bits_;
    if (!quotes && !quoted) [[likely]] {
        emit(all, masks.newline, at);
        state_ = all >> 63 ? State::field_start : State::field;
        return;
    }
    quotes_ = true;
    const std::uint64_t inside = prefix_xor(quotes) ^ (quoted ? ~std::uint64_t{0} : 0);
    const std::uint64_t structural = all & ~inside, opening = quotes & inside, closing = quotes & ~inside;
    // An opening quote stands at the start of a field, or right after a closing one (together they mean one quote).
    const std::uint64_t before = state_ == State::field_start || state_ == State::after_quote;
    if (opening & ~((structural | closing) << 1 | before)) [[unlikely]] {
        if (dialect_.trim && state_ == State::field && only_blanks_before(text, at))
            state_ = State::field_start;
        step_through(text, at, at + 64);
        return;
    }
    emit(structural, masks.newline & structural, at);
    state_ = inside >> 63 ? State::quoted : structural >> 63 ? State::field_start : closing >> 63 ? State::after_quote : State::field;
}

/// Whether nothing but blanks stands between `at`, outside of quotes, and the start of its field.
bool Scanner::only_blanks_before(const char* text, std::size_t at) const
{
    while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '\t'))
        --at;
    return at == 0 || text[at - 1] == dialect_.delimiter || text[at - 1] == '\n';
}

void Scanner::step_through(const char* text, std::size_t at, std::size_t end)
{
    State state = state_;
    for (; at < end; ++at) {
        const char c = text[at];
        const bool newline = c == '\n';
        const bool quote = c == dialect_.quote && dialect_.quote;
        quotes_ = quotes_ || quote;
        switch (state) {
        case State::quoted:
            state = dialect_.escape && c == dialect_.escape ? State::quoted_escape : quote ? State::after_quote : State::quoted;
            continue;
        case State::quoted_escape: state = State::quoted; continue;
        case State::escaped: state = State::field; continue;
        case State::comment:
            if (!newline)
                continue;
            break;
        case State::field_start:
            if (row_start_ && dialect_.comment && c == dialect_.comment) {
                state = State::comment;
                continue;
            }
            if (dialect_.trim && (c == ' ' || c == '\t') && c != dialect_.delimiter) {
                row_start_ = false;
                continue;
            }
            [[fallthrough]];
        case State::after_quote:
            if (quote) {
                state = State::quoted;
                row_start_ = false;
                continue;
            }
            break;
        case State::field: break;
        }
        row_start_ = newline;
        if (newline || c == dialect_.delimiter) {
            *next_end_++ = static_cast<std::uint32_t>(at);
            if (newline)
                *next_row_++ = static_cast<std::uint32_t>(next_end_ - ends_.as<std::uint32_t>() - 1);
            state = State::field_start;
        } else {
            state = dialect_.escape && c == dialect_.escape ? State::escaped : State::field;
        }
    }
    state_ = state;
}

} // namespace jackfield::files
