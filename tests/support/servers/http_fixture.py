#!/usr/bin/env python3
"""The fixture of the conformance kit for the sink 'http': clears and reads the hostile server's store."""
import json
import os
import sys
import urllib.request

connection = os.environ["JACKFIELD_CONNECTION"]
if not connection.startswith("{"):
    with open(connection, encoding="utf-8") as file:
        connection = file.read()
url = json.loads(connection)["url"]
with urllib.request.urlopen(url + {"clear": "/reset", "read": "/rows"}[sys.argv[1]], timeout=30) as answer:
    sys.stdout.write(answer.read().decode())
