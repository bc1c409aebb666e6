#!/usr/bin/env bash
# tests/fuzz.sh BUILD SECONDS: each fuzz target for so long, from its seeds in tests/fuzz/corpus/NAME if it has some.
# What was found stays in BUILD/corpus/NAME; an input that broke something stays in BUILD.
set -euo pipefail
build=$(cd "$1" && pwd)
seconds=$2
cd "$(dirname "$0")/fuzz"
ran=0
for source in *_fuzz.cpp; do
    name=${source%_fuzz.cpp}
    mkdir -p "$build/corpus/$name"
    seeds=()
    [ -d "corpus/$name" ] && seeds=("$PWD/corpus/$name")
    echo "fuzzing $name for $seconds s"
    (cd "$build" && "./fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -verbosity=0 "corpus/$name" "${seeds[@]}" 2>"fuzz_$name.log") || { tail -n 60 "$build/fuzz_$name.log"; exit 1; }
    grep 'number_of_executed_units' "$build/fuzz_$name.log"
    ran=$((ran + 1))
done
echo "fuzz: $ran passed, 0 failed"
