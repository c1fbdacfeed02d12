#!/usr/bin/env python3
"""Every public header compiles alone: the C ABI as C11 and C++11, the others as C++20, with gcc and with clang."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

from repository import ROOT, Report, files

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-Wno-unknown-warning-option"]
# A header alone is the main file for the compiler: what it says only because of that.
ALONE = ["-Wno-pragma-once-outside-header", "-Wno-unused-const-variable", "-Wno-unused-function"]


def commands(path):
    """(what, command) of each way in which a header must compile."""
    c_header = path.suffix == ".h"
    ways = [("C11", "gcc", ["-x", "c", "-std=c11"]), ("C11", "clang", ["-x", "c", "-std=c11"]),
            ("C++11", "g++", ["-x", "c++", "-std=c++11"]), ("C++11", "clang++", ["-x", "c++", "-std=c++11"])]
    if not c_header:
        ways = [("C++20", "g++", ["-x", "c++", "-std=c++20"]), ("C++20", "clang++", ["-x", "c++", "-std=c++20"])]
    for standard, compiler, arguments in ways:
        yield f"{standard} with {compiler}", [compiler, *arguments, *WARNINGS, *ALONE,
                                              f"-I{ROOT}/sdk/include", f"-I{ROOT}/runtime/include", "-"]


def compile_alone(job):
    path, what, command = job
    include = re.sub(r"^(sdk|runtime)/include/", "", str(path))
    done = subprocess.run(command, input=f'#include "{include}"\n#include "{include}"\n', capture_output=True,
                          text=True, check=False)
    return path, what, done.returncode == 0, done.stderr


def main():
    report = Report()
    missing = [name for name in ("gcc", "g++", "clang", "clang++") if not shutil.which(name)]
    if not report.check(not missing, "compilers", f"not found: {', '.join(missing)}; run .ci/install.sh build test"):
        report.finish()
    headers = [path for path in files(".h", ".hpp") if str(path).startswith(("sdk/include/", "runtime/include/"))]
    jobs = [(path, what, command) for path in headers for what, command in commands(path)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for path, what, good, errors in pool.map(compile_alone, jobs):
            report.check(good, path, f"does not compile alone as {what}:\n" + "\n".join(errors.splitlines()[:12]))
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
