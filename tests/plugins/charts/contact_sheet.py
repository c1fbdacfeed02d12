#!/usr/bin/env python3
"""Puts the pictures of draw_cases on one sheet: contact_sheet.py DRAW_CASES OUT.png (needs rsvg-convert)."""
import pathlib
import subprocess
import sys
import tempfile

CELL = 296
GAP = 8
SIZES = [(400, 250, "light"), (800, 400, "dark"), (1200, 600, "light")]


def draw(program, folder):
    """Each size into a folder of its own; returns the names in the order in which they were drawn."""
    names = []
    for width, height, theme in SIZES:
        target = pathlib.Path(folder) / str(width)
        target.mkdir()
        said = subprocess.run([program, target, str(width), str(height), theme, "svg", "", "sheet"],
                              check=True, capture_output=True, text=True).stdout
        names = [line.split("  ")[0].replace("/", "-").replace(" ", "_") for line in said.splitlines()]
    return names


def sheet(folder, names):
    height = max(CELL * h // w for w, h, _ in SIZES)
    total = (len(SIZES) * (CELL + GAP) + GAP, len(names) * (height + GAP) + GAP)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{total[0]}" '
             f'height="{total[1]}"><rect width="100%" height="100%" fill="#c9ced6"/>']
    for row, name in enumerate(names):
        for column, (width, tall, _) in enumerate(SIZES):
            text = (pathlib.Path(folder) / str(width) / f"{name}.svg").read_text()
            text = text.replace(f'width="{width}" height="{tall}"', f'width="{CELL}" height="{CELL * tall // width}"', 1)
            place = f'x="{GAP + column * (CELL + GAP)}" y="{GAP + row * (height + GAP)}"'
            parts.append(text.replace("<svg ", f"<svg {place} ", 1))
    return "\n".join(parts) + "</svg>"


def main():
    program, out = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "sheet.svg"
        source.write_text(sheet(folder, draw(program, folder)))
        subprocess.run(["rsvg-convert", "--unlimited", "-o", out, source], check=True)


main()
