"""How long building takes: everything from clean, and one edited file of a plugin with the tests of that plugin. No cache."""
import os
import time

from bench import BUILD, ROOT, goal

NO_CACHE = {"CCACHE_DISABLE": "1"}
# A file of each plugin, one in the middle of what it includes and is included by, and the tests that hold it.
EDITS = [("plugins/files/csv.cpp", "test_files"), ("plugins/duckdb/writer.cpp", "duckdb_test"), ("plugins/charts/shape_bars.cpp", "charts_shape_test"),
         ("plugins/steps/select.cpp", "steps_test"), ("plugins/checks/rules.cpp", "test_checks")]


@goal("build", "everything from clean, tests included, without a cache", below=360, slow=True)
def build(bench):
    with bench.folder() as folder:
        third_party = os.environ.get("JACKFIELD_THIRD_PARTY", ROOT / "build/third_party")
        start = time.monotonic()
        bench.output("cmake", "--preset", "release", "-B", folder, "-DJACKFIELD_TESTS=ON", f"-DJACKFIELD_THIRD_PARTY={third_party}", env=NO_CACHE, cwd=ROOT)
        bench.output("ninja", "-C", folder, env=NO_CACHE)
        return bench.figures("s", ours=[time.monotonic() - start])


@goal("edit", "one file of a plugin edited: everything rebuilt, and the plugin's tests run", below=15, slow=True)
def edit(bench):
    bench.output("ninja", "-C", BUILD)
    left = list(EDITS)

    def once():
        file, test = left.pop()
        os.utime(ROOT / file) # as new as after an edit; without the cache it is compiled anew
        start = time.monotonic()
        bench.output("ninja", "-C", BUILD, env=NO_CACHE)
        bench.output("ctest", "--test-dir", BUILD, "-R", f"^{test}$", "--no-tests=error")
        return time.monotonic() - start

    return bench.in_turns("s", rounds=len(EDITS), ours=once)
