// Files that appear whole: written aside, synced, renamed.
#include "exec/run/write_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

namespace jackfield::exec {

namespace {

Error failure(const std::filesystem::path& file, int error)
{
    const jf_status kind = error == ENOSPC || error == EDQUOT ? JF_E_EXHAUSTED : error == EACCES || error == EROFS || error == EPERM ? JF_E_DENIED
        : JF_E_CONFIG;
    return fail(kind, "cannot write '" + file.string() + "': " + std::strerror(error));
}

int write_all(int descriptor, std::string_view bytes)
{
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR)
            return errno;
        if (written > 0)
            bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(descriptor) == 0 ? 0 : errno;
}

} // namespace

Status write_file(const std::filesystem::path& file, std::string_view bytes)
{
    std::error_code wrong;
    if (file.has_parent_path())
        std::filesystem::create_directories(file.parent_path(), wrong);
    const std::filesystem::path aside = file.string() + ".part-" + std::to_string(::getpid());
    const int descriptor = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0)
        return failure(file, errno);
    int error = write_all(descriptor, bytes);
    if (::close(descriptor) != 0 && error == 0)
        error = errno;
    if (error == 0 && ::rename(aside.c_str(), file.c_str()) != 0)
        error = errno;
    if (error != 0) {
        ::unlink(aside.c_str());
        return failure(file, error);
    }
    return {};
}

} // namespace jackfield::exec
