// Secrets: from a reference to bytes.
#include "load/secret.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jackfield {

namespace {

constexpr std::size_t most = std::size_t{1} << 20;

Result<SecretText> from_environment(std::string_view name)
{
    const char* value = std::getenv(std::string(name).c_str());
    if (!value)
        return fail(JF_E_NOT_FOUND, "the environment variable '" + std::string(name) + "' is not set; set it to the secret");
    return SecretText(std::string(value));
}

Error file_error(const std::string& path, int code)
{
    const jf_status kind = code == ENOENT || code == ENOTDIR ? JF_E_NOT_FOUND : code == EACCES || code == EPERM ? JF_E_DENIED : JF_E_UNAVAILABLE;
    Error error = fail(kind, "the secret file '" + path + "' cannot be read: " + std::strerror(code));
    return error;
}

Result<SecretText> from_file(const std::string& path)
{
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return file_error(path, errno);
    struct Closer {
        int file;
        ~Closer() { close(file); }
    } const closer{file};
    struct stat about{};
    if (fstat(file, &about) != 0)
        return file_error(path, errno);
    if (S_ISDIR(about.st_mode))
        return fail(JF_E_CONFIG, "the secret file '" + path + "' is a directory; name a file in it");
    std::string text;
    text.reserve(4096); // grown strings would leave copies behind
    if (S_ISREG(about.st_mode) && static_cast<std::size_t>(about.st_size) <= most)
        text.reserve(static_cast<std::size_t>(about.st_size) + 1);
    for (char part[4096];;) {
        const ssize_t count = read(file, part, sizeof part);
        if (count > 0)
            text.append(part, static_cast<std::size_t>(count));
        const int code = errno;
        explicit_bzero(part, sizeof part);
        if (count == 0)
            break;
        if (count < 0 && code != EINTR)
            return file_error(path, code);
        if (text.size() > most) {
            const SecretText wiped(std::move(text));
            return fail(JF_E_CONFIG, "the secret file '" + path + "' is larger than 1 MiB; it holds something else");
        }
    }
    if (!text.empty() && text.back() == '\n')
        text.pop_back();
    if (!text.empty() && text.back() == '\r')
        text.pop_back();
    SecretText secret(std::move(text));
    if (S_ISREG(about.st_mode) && (about.st_mode & 0077) != 0)
        secret.warning = "others may read the secret file '" + path + "'; run: chmod 600 '" + path + "'";
    return secret;
}

} // namespace

SecretText::SecretText(std::string&& text) : bytes_(std::make_unique<char[]>(text.size() + 1)), size_(text.size())
{
    std::memcpy(bytes_.get(), text.data(), size_);
    text.resize(text.capacity()); // also what was popped off
    explicit_bzero(text.data(), text.size());
    text.clear();
}

SecretText& SecretText::operator=(SecretText&& other) noexcept
{
    if (this != &other) {
        wipe();
        bytes_ = std::move(other.bytes_);
        size_ = other.size_;
        warning = std::move(other.warning);
    }
    return *this;
}

void SecretText::wipe() noexcept
{
    if (bytes_)
        explicit_bzero(bytes_.get(), size_);
    bytes_.reset();
}

Result<SecretText> read_secret(std::string_view reference)
{
    const std::size_t colon = reference.find(':');
    const std::string_view scheme = reference.substr(0, colon);
    const std::string_view rest = colon == std::string_view::npos ? std::string_view() : reference.substr(colon + 1);
    if (rest.empty() || rest.find('\0') != std::string_view::npos || (scheme != "env" && scheme != "file"))
        return fail(JF_E_CONFIG, "a secret is given as \"env:NAME\" or \"file:PATH\""); // not shown: it may be the secret itself
    return scheme == "env" ? from_environment(rest) : from_file(std::string(rest));
}

} // namespace jackfield
