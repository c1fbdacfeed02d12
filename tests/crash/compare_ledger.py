#!/usr/bin/env python3
"""Compares the rows of a demo ledger with what must be in it, as multisets.

    compare_ledger.py DATABASE PARTITIONS ROWS

Exit status 0: exactly the rows (p, 0) … (p, ROWS - 1) of each partition, each once. Knows nothing of how they got there.
"""
import collections
import sqlite3
import sys

database, partitions, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
there = collections.Counter(sqlite3.connect(database).execute("SELECT part, n FROM row"))
wanted = collections.Counter((p, n) for p in range(partitions) for n in range(rows))
missing, doubled = wanted - there, there - wanted
print(f"{sum(there.values())} rows, {sum(missing.values())} missing, {sum(doubled.values())} too many")
for name, rest in (("missing", missing), ("too many", doubled)):
    for row in sorted(rest)[:5]:
        print(f"  {name}: {row} × {rest[row]}")
sys.exit(1 if missing or doubled else 0)
