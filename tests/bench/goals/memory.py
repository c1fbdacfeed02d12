"""Whether a pipeline's memory depends on how many rows pass: CSV from stdin to NDJSON on stdout, no file in between."""
import os
import statistics
import subprocess

from bench import Failed, goal


def peak(bench, rows, width):
    """Megabytes of the program at its largest."""
    with bench.folder() as folder:
        task = {"source": {"use": "files", "path": "-", "format": "csv", "columns": {"text": "utf8"}}, "sink": {"use": "files", "path": "-", "format": "ndjson"}}
        words = [bench.program("jackfield"), "run", bench.flow(folder, "pass", {"pass": task}), "-q"]
        with subprocess.Popen([bench.program("bench_files"), "make", "wide", str(rows), "-", str(width)], stdout=subprocess.PIPE) as maker:
            with subprocess.Popen(words, stdin=maker.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                  env=bench.environment(folder)) as run:
                maker.stdout.close()
                why = run.stderr.read()
                _, status, used = os.wait4(run.pid, 0)
                run.returncode = os.waitstatus_to_exitcode(status)
            if run.returncode != 0:
                raise Failed(f"the run ended with {run.returncode}: {why[-300:]}")
        return used.ru_maxrss * 1024 / 1e6


def flat(bench, width, rounds=5):
    """Growth of the peak from 2 to 20 million rows, in per cent. A peak is a matter of luck: of the median."""
    few, many = (statistics.median(peak(bench, rows, width) for _ in range(rounds)) for rows in (2_000_000, 20_000_000))
    return bench.figures("%", ours=[(many / few - 1) * 100], note=f"{few:.1f} MB with 2 M rows, {many:.1f} MB with 20 M")


@goal("memory_flat_1", "growth of memory from 2 to 20 million rows with a column of 1 byte", below=20)
def memory_flat_1(bench):
    return flat(bench, 1)


@goal("memory_flat_10", "the same with 10 bytes", below=20)
def memory_flat_10(bench):
    return flat(bench, 10)


@goal("memory_flat_1000", "the same with 1,000 bytes", below=20)
def memory_flat_1000(bench):
    return flat(bench, 1000, rounds=1) # 22 GB of text
