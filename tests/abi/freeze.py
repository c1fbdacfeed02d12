#!/usr/bin/env python3
"""Makes a freeze file from the headers of the C ABI: the offset and exact type of every member, the size of every
struct, the value of every constant. Compiled against later headers it fails when one of them moved or changed; a
member that was appended passes.

    freeze.py HEADERS > freeze/v0.cpp      HEADERS: the folder jackfield/abi

Read by the compiler and not by a person: run it once for each release and never edit what it wrote.
"""
import pathlib
import re
import sys

ORDER = "base arrow host plugin connection source sink task chart auth".split()
FROZEN = {"jf_str", "jf_bytes", "ArrowSchema", "ArrowArray", "ArrowArrayStream"}  # never grow


def without_comments(text):
    return re.sub(r"//[^\n]*", " ", re.sub(r"/\*.*?\*/", " ", text, flags=re.S))


def structs(text):
    """(name, tag kind, body) of each struct, in order."""
    for match in re.finditer(r"(?:typedef\s+)?struct\s+(\w+)\s*\{(.*?)\n\}\s*(\w*)\s*;", text, re.S):
        yield match.group(1), match.group(2)


def members(body):
    """(name, type as written with the name taken out) of each member."""
    for declaration in body.split(";"):
        declaration = " ".join(declaration.split())
        if not declaration:
            continue
        function = re.match(r"(.*?)\(\s*\*\s*(\w+)\s*\)\s*(\(.*\))$", declaration)
        if function:
            yield function.group(2), f"{function.group(1).strip()} (*){function.group(3)}"
            continue
        plain = re.match(r"(.*?)(\w+)$", declaration)
        yield plain.group(2), plain.group(1).strip()


def constants(text):
    for match in re.finditer(r"^[ \t]*#[ \t]*define[ \t]+(JF_[A-Z0-9_]+|ARROW_FLAG_\w+)[ \t]+(\S[^\n]*)$", text, re.M):
        name, value = match.group(1), match.group(2).strip()
        if re.fullmatch(r'\(?-?\d+u?\)?|\(UINT64_C\(1\) << \d+\)|"[^"]*"', value):
            yield name, value


def main(folder):
    texts = {name: without_comments((folder / f"{name}.h").read_text(encoding="utf-8")) for name in ORDER}
    unknown = {file.stem for file in folder.glob("*.h")} - set(ORDER)
    if unknown:
        sys.exit(f"freeze.py does not know the headers {sorted(unknown)}; add them to ORDER")
    out = ["// Made by tests/abi/freeze.py; never edited. What a plugin of this release was compiled against."]
    out += [f"#include <jackfield/abi/{name}.h>" for name in ORDER]
    out += ["#include <cstddef>", "#include <type_traits>", "",
            "namespace {", "constexpr bool same(const char* a, const char* b) { return *a == *b && (*a == 0 || same(a + 1, b + 1)); }", ""]
    count = 0
    for name in ORDER:
        for struct, body in structs(texts[name]):
            tag = f"struct {struct}"
            last = ""
            for member, kind in members(body):
                out.append(f'static_assert(offsetof({tag}, {member}) == JF_FREEZE_OFFSET_{struct}_{member}, "{struct}.{member} moved");')
                out.append(f'static_assert(std::is_same<decltype({struct}::{member}), {kind}>::value, "{struct}.{member} has another type");')
                last = member
                count += 1
            if struct in FROZEN:
                out.append(f'static_assert(sizeof({tag}) == offsetof({tag}, {last}) + sizeof({struct}::{last}), "{struct} is frozen");')
        for constant, value in constants(texts[name]):
            test = f"same({constant}, {value})" if value.startswith('"') else f"{constant} == {value}"
            out.append(f'static_assert({test}, "{constant} has another value");')
            count += 1
    out += ["} // namespace", f"// {count} facts", ""]
    text = "\n".join(out)
    return with_offsets(text, texts)


# Sizes and alignments of what members are made of; 64-bit only, as the headers say.
SIZES = {"uint32_t": 4, "int32_t": 4, "jf_status": 4, "uint64_t": 8, "int64_t": 8, "size_t": 8, "jf_str": 16, "jf_bytes": 16}


def with_offsets(text, texts):
    """Puts in the offset of each member, counted here and not by the compiler that is to be checked."""
    for name in ORDER:
        for struct, body in structs(texts[name]):
            at = 0
            for member, kind in members(body):
                pointer = "*" in kind
                size = 8 if pointer else SIZES.get(kind)
                if size is None:
                    sys.exit(f"{struct}.{member}: freeze.py does not know the size of '{kind}'; by value there are only {sorted(SIZES)} (R3)")
                alignment = 4 if size == 4 else 8
                at = (at + alignment - 1) // alignment * alignment
                text = text.replace(f"JF_FREEZE_OFFSET_{struct}_{member},", f"{at},")
                at += size
    return text


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(main(pathlib.Path(sys.argv[1])), end="")
