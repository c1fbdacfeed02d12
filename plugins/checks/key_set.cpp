// KeySet: digests in one flat table.
#include "key_set.hpp"

#include <xxhash.h>

namespace jackfield::checks {

bool KeySet::insert(std::string_view key)
{
    const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
    Digest digest{hash.low64, hash.high64};
    if (digest == Digest{})
        digest.low = 1;
    if (2 * (used_ + 1) > slots_.size())
        grow();
    return place(digest);
}

bool KeySet::place(Digest digest)
{
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = digest.low & mask;; at = (at + 1) & mask) {
        if (slots_[at] == digest)
            return false;
        if (slots_[at] == Digest{}) {
            slots_[at] = digest;
            ++used_;
            return true;
        }
    }
}

void KeySet::grow()
{
    std::vector<Digest> old(slots_.empty() ? 1024 : 2 * slots_.size());
    old.swap(slots_);
    used_ = 0;
    for (const Digest& digest : old)
        if (digest != Digest{})
            place(digest);
}

void append_key(std::string& key, const ColumnView& column, std::int64_t row)
{
    const auto append = [&](const void* bytes, std::uint32_t size) {
        key.append(reinterpret_cast<const char*>(&size), sizeof size);
        key.append(static_cast<const char*>(bytes), size);
    };
    if (column.is_null(row)) {
        constexpr std::uint32_t null_mark = ~std::uint32_t{0};
        key.append(reinterpret_cast<const char*>(&null_mark), sizeof null_mark);
        return;
    }
    const Type type = (column.indirect() ? column.target() : column).type().type;
    if (type == Type::float32 || type == Type::float64) {
        const double value = column.f64(row) + 0.0; // so that -0 is 0
        append(&value, sizeof value);
    } else if (type == Type::decimal128) {
        const Int128 value = column.decimal(row);
        append(&value, sizeof value);
    } else if (const std::string_view text = column.text(row); text.data()) {
        append(text.data(), static_cast<std::uint32_t>(text.size()));
    } else {
        const std::int64_t value = column.i64(row);
        append(&value, sizeof value);
    }
}

} // namespace jackfield::checks
