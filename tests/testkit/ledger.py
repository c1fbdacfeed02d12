#!/usr/bin/env python3
"""The fixture of the demo's ledgers, as `jackfield plugin check --fixture` calls it: ledger.py clear|read|fill."""
import glob
import json
import os
import sqlite3
import sys

folder = os.environ["JACKFIELD_DIR"]
if sys.argv[1] == "clear":
    for name in glob.glob(os.path.join(folder, "ledger.db*")):
        os.remove(name)
elif sys.argv[1] == "read":
    with sqlite3.connect(os.path.join(folder, "ledger.db")) as database:
        for part, n in database.execute("SELECT part, n FROM row"):
            print(json.dumps({"part": part, "n": n}))
