// Masker: replaces secrets in whatever text leaves the runtime.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace jackfield {

/// Knows the secrets that were handed out, and puts *** where a text has one. *Any thread.*
///
/// Found are the value as it is; URL-encoded (as a path, a query or a form, either case of the digits); base64 (both
/// alphabets, also in the middle of something longer, as in "user:password"); escaped as JSON once or twice; and each
/// line of 8 bytes or more of a secret of several lines. Secrets under 4 bytes are replaced where they stand as a word of
/// their own only, as otherwise no text would be readable.
class Masker {
public:
    /// From now on `secret` is masked. An empty one is ignored.
    void add(std::string_view secret);

    [[nodiscard]] std::string mask(std::string_view text) const;

    /// The same error with message, place and code masked.
    [[nodiscard]] Error mask(Error error) const;

private:
    struct Spellings {
        std::array<std::vector<std::string>, 256> by_first_byte; ///< each list longest first
    };
    void insert(Spellings& all, std::string spelling) const;

    mutable std::mutex mutex_; // guards the pointer; what it points to never changes
    std::shared_ptr<const Spellings> spellings_; // shared with the calls that are using it while a secret is added
};

} // namespace jackfield
