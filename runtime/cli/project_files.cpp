// Writing of new folders.
#include "project_files.hpp"

#include "exec/run/write_file.hpp"

namespace jackfield::cli {

Status write_project(const std::filesystem::path& folder, const std::vector<ProjectFile>& files)
{
    std::error_code wrong;
    for (const ProjectFile& file : files)
        if (std::filesystem::exists(folder / file.name, wrong))
            return fail(JF_E_CONFIG, "'" + (folder / file.name).string() + "' is there already; nothing was written: choose another folder");
    for (const ProjectFile& file : files)
        JF_TRY(exec::write_file(folder / file.name, file.text));
    return {};
}

} // namespace jackfield::cli
