// Secrets: the one place where a reference ("env:NAME", "file:PATH") becomes bytes.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace jackfield {

/// The bytes of a secret; wiped when it goes. Movable. One thread at a time.
class SecretText {
public:
    SecretText() = default;
    /// Takes the bytes over and wipes `text`.
    explicit SecretText(std::string&& text);
    SecretText(SecretText&& other) noexcept = default;
    SecretText& operator=(SecretText&& other) noexcept;
    ~SecretText() { wipe(); }

    [[nodiscard]] std::string_view view() const noexcept { return bytes_ ? std::string_view(bytes_.get(), size_) : std::string_view(); }
    /// What should be told to the user, e.g. that others may read the file; empty: nothing.
    std::string warning;

private:
    void wipe() noexcept;
    std::unique_ptr<char[]> bytes_; // on the heap: a move leaves no bytes behind
    std::size_t size_ = 0;
};

/// Looks the secret up now. "env:NAME": the environment variable; "file:PATH": the file, without one newline at its end,
/// at most 1 MiB. JF_E_NOT_FOUND, JF_E_DENIED, JF_E_CONFIG (not a reference), JF_E_UNAVAILABLE (read error). Any thread.
[[nodiscard]] Result<SecretText> read_secret(std::string_view reference);

} // namespace jackfield
