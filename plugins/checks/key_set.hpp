// KeySet: which keys were seen, by their 128-bit digest.
#pragma once

#include <jackfield/sdk/arrow/view.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace jackfield::checks {

/// Open addressing over digests of 16 bytes (XXH3, 128 bit: two different keys of 2^40 clash with a chance below 2^-48).
/// About 32 bytes a key. One thread at a time.
class KeySet {
public:
    /// False if the key is there already.
    bool insert(std::string_view key);
    [[nodiscard]] std::size_t size() const { return used_; }

private:
    struct Digest {
        std::uint64_t low = 0, high = 0;
        bool operator==(const Digest&) const = default;
    };
    bool place(Digest digest);
    void grow();

    std::vector<Digest> slots_; // all zero: free
    std::size_t used_ = 0;
};

/// Appends the value of a row to `key`, so that different values give different bytes; null differs from everything else.
void append_key(std::string& key, const ColumnView& column, std::int64_t row);

} // namespace jackfield::checks
