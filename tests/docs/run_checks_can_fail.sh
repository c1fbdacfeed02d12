#!/usr/bin/env bash
# The checks of this folder find the faults planted in a small repository, and nothing else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
export PYTHONDONTWRITEBYTECODE=1
passed=0 failed=0

# file PATH: its text on stdin
file() { mkdir -p "$tree/$(dirname "$1")"; cat >"$tree/$1"; }

# finds CHECK TEXT: the check names this fault.
finds() {
  local said
  said=$(python3 "$tree/tests/docs/check_$1.py" 2>&1) || true
  if [[ $said == *"$2"* ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$1 does not find: $2"
  fi
}

# faults CHECK NUMBER: so many and no more.
faults() {
  local last
  last=$(python3 "$tree/tests/docs/check_$1.py" 2>&1 | tail -n 1) || true
  if [[ $last == *", $2 failed" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "$1 should find $2 faults: $last"
  fi
}

mkdir -p "$tree/tests/docs"
cp "$here"/*.py "$tree/tests/docs/"

file sdk/include/jackfield/abi/good.h <<<'#include <stdint.h>'
file sdk/include/jackfield/abi/bad.h <<'END'
#include <string.h>
#include <jackfield/sdk/other.hpp>
END
file sdk/include/jackfield/sdk/other.hpp <<'END'
#include <outside/library.hpp>
END
file plugins/one/one.hpp </dev/null
file plugins/one/one.cpp <<'END'
#include "one.hpp"
#include "../two/two.hpp"
#include <jackfield/abi/good.h>
#include <jackfield/gone.h>
END
file plugins/two/two.hpp </dev/null
file runtime/src/exec/engine.hpp </dev/null
file runtime/src/flow/parse.cpp <<'END'
#include "exec/engine.hpp"
auto first = "duckdb"; // not "duckdb" in a comment
auto second = "files.csv";
auto third = "files.json";
END
finds includes 'bad.h:1: a header of the C ABI includes only'
finds includes 'bad.h:2: sdk/include/jackfield/abi may include'
finds includes 'other.hpp:1: the SDK includes the standard library only'
finds includes 'one.cpp:2: plugins may include sdk, not plugins/two/two.hpp'
finds includes 'one.cpp:4: there is no header jackfield/gone.h'
finds includes 'parse.cpp:1: flow comes before exec'
finds includes 'parse.cpp:2: the runtime names no plugin, but here is "duckdb"'
finds includes 'parse.cpp:3: the runtime names no plugin, but here is "files.csv"'
faults includes 8

file runtime/src/exec/attempt.hpp <<'END'
namespace jackfield { namespace exec { /* class Free {}; */ template <class T> struct Attempt final : T { struct Inner {}; }; } }
namespace { struct Free {}; }
inline namespace v1 { struct Other; inline int twice(int a) { struct Local {}; return a; } }
END
file runtime/src/store/attempt.cpp <<'END'
namespace jackfield::exec { class Attempt; enum class Attempt { one }; }
struct Free {};
namespace v1 { struct Other {}; inline int twice(int a) { struct Local {}; return 2 * a; } inline int twice(long a) { return a; } }
END
file plugins/one/attempt.cpp <<<'namespace jackfield::exec { class Attempt {}; }'
finds one_definition 'runtime/src/exec/attempt.hpp:1: jackfield::exec::Attempt is defined in runtime/src/store/attempt.cpp too'
finds one_definition 'runtime/src/exec/attempt.hpp:3: v1::twice( int a ) is defined in'
faults one_definition 2

finds headers 'other.hpp: does not compile alone as C++20 with clang++'
finds headers 'bad.h: does not compile alone as C11 with gcc'

file samples/one/flow.json <<<'{"a": 1}'
file docs/other.md <<<'# A heading, with *signs*'
file README.md <<'END'
# Page
[good](docs/other.md#a-heading-with-signs) [gone](docs/gone.md) [unheaded](docs/other.md#none) `[code](code)`
```json file=samples/one/flow.json
{"a": 2}
```
```json file=samples/one/flow.json
{"a": 1}
```
```json
{}
```
```json sketch
{}
```
```console dir=samples/one
$ cat flow.json; false
{"…": 1}
$ echo $?
1
$ seq 1 9
1
…
9
$ echo yes
no
```
END
finds links "README.md:2: the link 'docs/gone.md' leads nowhere"
finds links "has no heading for '#none'"
faults links 2
finds blocks 'README.md:3: differs from samples/one/flow.json'
finds blocks 'README.md:9: code without a sample'
finds blocks "'echo yes' printed something else"
faults blocks 3
python3 "$tree/tests/docs/check_blocks.py" --write --no-run >/dev/null || true
faults blocks 2

printf 'TO%s: at /ro%s/here\n' DO ot | file docs/notes.md
finds words "docs/notes.md:1: 'TO""DO'"
finds words "docs/notes.md:1: '/ro""ot/'"
faults words 2

printf '%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
