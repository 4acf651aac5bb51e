#!/bin/sh
# Fuzzes one parser with libFuzzer: scripts/fuzz.sh NAME SECONDS [libFuzzer options]
# Findings land in Fuzz/findings/NAME, new inputs in Fuzz/corpus/NAME; both stay out of the repository.
set -eu
cd "$(dirname "$0")/.."
name=${1:?the name of a target; see Fuzz/README.md}
seconds=${2:-60}
shift; [ $# -gt 0 ] && shift
TIDEMARK_FUZZ=1 swift build -c release --scratch-path .build-fuzz --sanitize fuzzer --product tidemark-fuzz >&2
mkdir -p "Fuzz/corpus/$name" "Fuzz/findings/$name"
[ -n "$(ls -A "Fuzz/corpus/$name")" ] || python3 Fuzz/seeds.py "$name" "Fuzz/corpus/$name"
dictionary=
[ -f "Fuzz/dictionaries/$name.dict" ] && dictionary="-dict=Fuzz/dictionaries/$name.dict"
# The runtime would print a trace and leave libFuzzer no chance to keep the input.
export TIDEMARK_FUZZ_TARGET="$name" SWIFT_BACKTRACE=enable=no
# A hang is an input that takes ten seconds, a memory blow-up one that needs 2 GiB.
exec .build-fuzz/release/tidemark-fuzz -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=16384 \
    -print_final_stats=1 -artifact_prefix="Fuzz/findings/$name/" $dictionary "$@" "Fuzz/corpus/$name"
