"""What the checks of this folder share: the files of the repository and a small report."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*endings):
    """Paths, relative to ROOT, of all files that belong to the project and end in one of `endings` (none: all)."""
    git = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                         cwd=ROOT, capture_output=True, check=False)
    if git.returncode == 0:
        names = git.stdout.decode().split("\0")
    else:  # a source tarball
        names = [str((pathlib.Path(folder) / name).relative_to(ROOT))
                 for folder, _, found in os.walk(ROOT) for name in found]
        names = [name for name in names if not name.startswith(("build/", ".git/"))]
    return [pathlib.PurePath(name) for name in sorted(set(names))
            if name and (not endings or name.endswith(endings)) and (ROOT / name).is_file()]


def text(path):
    """The text of a file; None for one that is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


class Report:
    """Counts checks and prints each fault as `place: sentence`."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, good, place, sentence):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f"{place}: {sentence}")
        return good

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
