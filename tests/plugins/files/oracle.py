"""Nasty CSV and NDJSON files, read by Python's own modules and by files_dump: the rows must be equal."""
import csv
import io
import json
import random
import subprocess
import sys
import tempfile


def dump(program, form, text, columns, pipe):
    with tempfile.NamedTemporaryFile("wb") as file:
        file.write(text)
        file.flush()
        command = [program, form, "-" if pipe else file.name, *columns]
        with open(file.name, "rb") as stdin:
            source = subprocess.Popen(["cat"], stdin=stdin, stdout=subprocess.PIPE) if pipe else None
            done = subprocess.run(command, stdin=source.stdout if pipe else None, capture_output=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"files_dump failed: {done.stderr.decode()}")
        return done.stdout.decode().splitlines(), [line for line in done.stderr.decode().splitlines() if line]


def nasty_csv(chance, rows, width, malformed):
    pieces = ["a", "bc", ",", '"', "\n", "\r\n", " ", "é", "x" * 63, "x" * 64, "", "", "0", "日本"]
    out = io.StringIO()
    for _ in range(rows):
        cells = []
        for _ in range(width):
            value = "".join(chance.choice(pieces) for _ in range(chance.randrange(5)))
            kind = chance.random()
            if malformed and kind < 0.2:
                cells.append(value.replace(",", "").replace("\n", "").replace("\r", "").lstrip('"'))  # quotes inside of a bare field
            elif any(c in value for c in ',"\n\r') or kind < 0.5:
                cells.append('"' + value.replace('"', '""') + '"' + ("tail" if malformed and chance.random() < 0.1 else ""))
            else:
                cells.append(value)
        if chance.random() < 0.02:
            cells = cells[:-1] if width > 1 else cells + ["more"]
        out.write(",".join(cells) + chance.choice(["\n", "\r\n"]))
    return out.getvalue()


def check_csv(program, seed):
    chance = random.Random(seed)
    width = chance.choice([2, 3, 5, 9])
    text = nasty_csv(chance, chance.choice([3, 50, 3000]), width, seed % 2 == 1)
    columns = [f"c{i}:utf8" for i in range(width)]
    wanted, bad = [], 0
    for row in csv.reader(io.StringIO(text, newline="")):
        if len(row) == width:
            wanted.append(row)
        elif row:
            bad += 1
    rows, refused = dump(program, "csv", text.encode(), columns, seed % 5 == 0)
    got = [list(json.loads(row).values()) for row in rows]
    if got != wanted or len(refused) != bad:
        first = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
        raise SystemExit(f"csv seed {seed}: row {first} of {len(got)}/{len(wanted)}, bad {len(refused)}/{bad}:\n{got[first:first+1]}\n{wanted[first:first+1]}")


def check_ndjson(program, seed):
    chance = random.Random(seed)
    lines, wanted = [], []
    for _ in range(chance.choice([5, 2000])):
        record = {"i": chance.randrange(-2**63, 2**63) >> chance.randrange(64), "d": chance.choice([0.1, -2.5e300, 1e-7, chance.random() * 1e6, 3]),
                  "s": "".join(chance.choice(['"', "\\", "a", "é", "𝄞", "\n", "\u0001", "/", "x" * 70]) for _ in range(chance.randrange(6))),
                  "b": chance.choice([True, False, None]), "o": chance.choice([{"k": [1, {"z": "}"}]}, [], ["]", {}], {}])}
        keys = list(record)
        if chance.random() < 0.3:
            chance.shuffle(keys)
        if chance.random() < 0.3:
            keys.pop()
        spaces = chance.choice([None, (" , ", " : ")])
        lines.append(json.dumps({key: record[key] for key in keys}, ensure_ascii=chance.random() < 0.5, separators=spaces))
        wanted.append({key: record[key] if key in keys else None for key in record})
    for form, text in (("ndjson", "\n".join(lines)), ("json", "[" + ",\n".join(lines) + "]")):
        rows, refused = dump(program, form, text.encode(), ["i:int64", "d:float64", "s:utf8", "b:bool", "o:utf8"], seed % 5 == 0)
        got = [json.loads(row) for row in rows]
        for row in got:
            row["o"] = row["o"] if row["o"] is None else json.loads(row["o"])
        if got != wanted or refused:
            first = next((i for i, (a, b) in enumerate(zip(got, wanted)) if a != b), min(len(got), len(wanted)))
            raise SystemExit(f"{form} seed {seed}: row {first} of {len(got)}/{len(wanted)}, bad {refused[:3]}:\n{got[first:first+1]}\n{wanted[first:first+1]}")


if __name__ == "__main__":
    csv.field_size_limit(1 << 30)
    for number in range(60):
        check_csv(sys.argv[1], number)
        check_ndjson(sys.argv[1], number)
    print("120 files, no difference")
