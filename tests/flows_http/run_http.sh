#!/usr/bin/env bash
# Whole flows over HTTP: nginx, json-server and a hostile server of our own; see test_http.py.
set -euo pipefail
exec python3 "$(dirname "${BASH_SOURCE[0]}")/test_http.py" "$@"
