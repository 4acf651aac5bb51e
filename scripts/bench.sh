#!/usr/bin/env bash
# Builds for release and prints the figures of Benchmarks/README.md. --quick: a tenth of the sizes.
set -euo pipefail
cd "$(dirname "$0")/.."
swift build -c release --static-swift-stdlib --product tidemark
python3 Benchmarks/run.py .build/release/tidemark "$@"
