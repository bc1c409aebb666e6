#!/usr/bin/env bash
# tests/sanitized.sh BUILD: the simulator (one in SIM_SHARE of its CI seeds) and the C++ tests of a sanitized build; a
# finding of a sanitizer ends the process.
set -euo pipefail
build=$1
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1
"$build/mythos_sim" --ci --share "${SIM_SHARE:-10}"
ctest --test-dir "$build" -j "$(nproc)" --no-tests=error --output-on-failure
