#!/usr/bin/env bash
# The program, as a person uses it: every command, its output, its exit code; see test_cli.py.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/test_cli.py" "$@"
