#!/usr/bin/env bash
# A fixture that fills what source:files reads, as `jackfield plugin check --fixture` calls it.
[[ $1 != fill ]] || { echo n; seq 300; } >"$JACKFIELD_DIR/filled.csv"
