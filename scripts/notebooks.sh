#!/usr/bin/env bash
# Executes the notebooks of notebooks-export/ in full on the demonstration data, in place, and renews what is made from them.
# scripts/notebooks.sh setup only makes the Python environment, .build/notebooks, that tests use as well. Without Python
# it says so and leaves quietly; in CI a failed installation is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
environment=.build/notebooks
wanted=notebooks-export/requirements.txt
skip() {
    echo "No environment for the notebooks: $1; the tests that need it will be skipped." >&2
    exit 0
}
python() { "$environment/bin/python" "$@"; }

if ! cmp -s "$wanted" "$environment/installed.txt"; then
    if ! python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
        if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
            apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null || true
        fi
        python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || skip "Python 3.10 with venv is not here"
    fi
    echo "Installing Jupyter's kernel, pandas, matplotlib and scikit-learn into $environment …"
    rm -rf "$environment"
    python3 -m venv "$environment"
    if ! "$environment/bin/pip" install -q --disable-pip-version-check -r "$wanted"; then
        rm -rf "$environment"
        [ -n "${CI:-}" ] && { echo "pip could not install $wanted" >&2; exit 1; }
        skip "pip could not install $wanted"
    fi
    cp "$wanted" "$environment/installed.txt"
fi
[ "${1:-}" = setup ] && exit 0

scripts/setup.sh
# The program holds the notebooks' sources, the module comes from the program: both first, then the outputs.
python scripts/notebooks.py embed notebooks-export Sources/TidemarkReport/Export/Notebooks/NotebookSources.swift
swift build -c release --static-swift-stdlib --product tidemark
.build/release/tidemark document notebook-module > notebooks-export/tidemark_data.py
TIDEMARK="$PWD/.build/release/tidemark" python scripts/notebooks.py execute notebooks-export
