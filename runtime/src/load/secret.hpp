// Secrets: the one place where a reference ("env:NAME", "file:PATH") becomes bytes.
#pragma once

#include <jackfield/sdk/result.hpp>

#include <string>
#include <string_view>

namespace jackfield {

/// The bytes of a secret; wiped when it goes. Movable. One thread at a time.
class SecretText {
public:
    SecretText() = default;
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    SecretText(SecretText&& other) noexcept;
    SecretText& operator=(SecretText&& other) noexcept;
    ~SecretText() { wipe(); }

    [[nodiscard]] std::string_view view() const noexcept { return text_; }
    /// What should be told to the user, e.g. that others may read the file; empty: nothing.
    std::string warning;

private:
    void wipe() noexcept;
    std::string text_;
};

/// Looks the secret up now. "env:NAME": the environment variable; "file:PATH": the file, without one newline at its end,
/// at most 1 MiB. JF_E_NOT_FOUND, JF_E_DENIED, JF_E_CONFIG (not a reference), JF_E_UNAVAILABLE (read error). Any thread.
[[nodiscard]] Result<SecretText> read_secret(std::string_view reference);

} // namespace jackfield
