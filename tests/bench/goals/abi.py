"""What a call costs through the checked wrappers around a plugin's tables, the queue apart."""
import re

from bench import goal


@goal("abi", "an empty next() and write() through the ABI, one thread", below=1000)
def abi(bench):
    def once():
        return float(re.search(r"ours=([\d.]+)ns", bench.output(bench.program("bench_abi"), cpus="0"))[1])

    return bench.in_turns("ns", ours=once)
