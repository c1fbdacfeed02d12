#!/usr/bin/python3 -IS
"""The fixture of the demo's ledgers, as `jackfield plugin check --fixture` calls it: ledger.py clear|read|fill."""
import os
import sys

folder = os.environ["JACKFIELD_DIR"]
if sys.argv[1] == "clear":  # a hundred times in one test: nothing is imported that is not needed
    for name in os.listdir(folder):
        if name.startswith("ledger.db"):
            os.remove(os.path.join(folder, name))
elif sys.argv[1] == "read":
    import sqlite3
    with sqlite3.connect(os.path.join(folder, "ledger.db")) as database:
        for row in database.execute("SELECT part, n FROM row"):
            print('{"part":%d,"n":%d}' % row)
