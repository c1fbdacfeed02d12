#!/bin/bash
# R11: the headers of the ABI still are what plugins were compiled against, and the guard itself sees each kind of break.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
include="$root/sdk/include"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

compiles() { # INCLUDE FILE COMPILER… : whether it compiles
    local headers=$1 file=$2
    shift 2
    "$@" -fsyntax-only -Wall -Wextra -Wpedantic -Werror "-I$headers" "$file" >"$work/log" 2>&1
}
count() { # STATUS SENTENCE
    if [ "$1" = 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $2"
        head -n 5 "$work/log"
    fi
}
broken() { # SENTENCE HEADER SED-EXPRESSION yes|no : a changed header, and whether the freeze must still compile
    rm -rf "$work/include"
    cp -r "$include" "$work/include"
    sed -i -E "$3" "$work/include/jackfield/abi/$2"
    sed -i -E '/^JF_STATIC_ASSERT\(/d' "$work/include/jackfield/abi/"*.h # the freeze alone is on trial
    if cmp -s "$include/jackfield/abi/$2" "$work/include/jackfield/abi/$2"; then
        count 1 "$1: the change did not apply"
        return
    fi
    compiles "$work/include" "$root/tests/abi/freeze/v0.cpp" g++ -std=c++11 -DJF_FREEZE
    local found=$?
    if [ "$4" = yes ]; then
        count "$found" "$1 must be allowed"
    else
        count "$((found == 0))" "$1 must be caught"
    fi
}

python3 "$root/tests/abi/freeze.py" "$include/jackfield/abi" >"$work/now.cpp" 2>"$work/log"
count $? "freeze.py reads the headers"
for freeze in "$root"/tests/abi/freeze/*.cpp "$work/now.cpp"; do
    for compiler in "g++ -std=c++11" "g++ -std=c++20" "clang++ -std=c++11" "clang++ -std=c++20"; do
        command -v "${compiler%% *}" >/dev/null || { echo "install ${compiler%% *}"; failed=$((failed + 1)); continue; }
        # shellcheck disable=SC2086
        compiles "$include" "$freeze" $compiler
        count $? "$(basename "$freeze") holds with $compiler"
    done
done

broken "an inserted member" source.h 's/^(    jf_status \(\*schema\)\(void \*reader.*)$/    void *inserted;\n\1/' no
broken "a removed member" base.h '/^    int64_t retry_after_ns;/d' no
broken "a changed signature of a function" sink.h 's/(\*abort\)\(void \*writer, const jf_call \*call)/\1, int32_t more/' no
broken "another return type" sink.h 's/^    void (\(\*close\)\(void \*writer\);)/    int32_t \1/' no
broken "two members changing places" base.h '/^    jf_str flow;/{N;s/(.*)\n(.*)/\2\n\1/}' no
broken "another value of a status" base.h 's/^(#define JF_E_DATA) \(-7\)/\1 (-70)/' no
broken "another capability bit" plugin.h 's/^(#define JF_CAN_REPLAY) .*1\) << 0\)/\1 (UINT64_C(1) << 40)/' no
broken "another interface id" plugin.h 's|^(#define JF_KIND_SINK) .*|\1 "jf.sink/1"|' no
broken "a member added to a frozen struct" base.h 's/^(    const void \*ptr; .*)$/\1\n    size_t more;/' no
broken "an appended member" sink.h 's/^(\} jf_sink;)/    void *appended;\n\1/' yes
broken "an appended constant" base.h 's/^(#define JF_OK 0)/\1\n#define JF_APPENDED 99/' yes

for header in "$include"/jackfield/abi/*.h; do
    for compiler in "gcc -std=c11 -xc" "clang -std=c11 -xc" "g++ -std=c++11 -xc++" "clang++ -std=c++11 -xc++"; do
        printf '#include <jackfield/abi/%s>\nint main(void) { return 0; }\n' "$(basename "$header")" >"$work/alone.c"
        # shellcheck disable=SC2086
        compiles "$include" "$work/alone.c" $compiler
        count $? "$(basename "$header") compiles alone with $compiler"
    done
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
