#!/usr/bin/env bash
# tests/sanitized_python.sh BUILD RUNTIME: the tests of handlers, newcomers and a server's life with the sanitized core of
# BUILD. RUNTIME is the sanitizer's library (libasan, libtsan), which has to be there before the interpreter, which is
# not instrumented itself: what it hides from the sanitizer is in tests/sanitizers/.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
package=$(realpath "$build")/package
rm -rf "$package"
mkdir -p "$package"
cp -r python/mythos "$package/"
find "$package" -name '*.so' -delete
cp "$build"/_core.*.so "$package/mythos/"

# The interpreter's own allocator would hide what happens to the memory; what it leaves behind at its end is not ours.
export PYTHONPATH=$package PYTHONMALLOC=malloc
export ASAN_OPTIONS=detect_leaks=0:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/tests/sanitizers/python.tsan
LD_PRELOAD="$(c++ -print-file-name="$2.so") $(c++ -print-file-name=libstdc++.so)"
export LD_PRELOAD
# A thousand lives are counted by their size, which is another thing here. ThreadSanitizer knows no threads in a fork's
# child. A thread that the interpreter ends is unwound without an exception; pybind11 catches that by reference, in which
# UndefinedBehaviorSanitizer sees a null.
case $2 in
    libtsan) left_out="thousand or forks_child" ;;
    *) left_out="thousand or may_exit_while" ;;
esac
exec "${PYTHON:-.venv/bin/python}" -m pytest -p mythos.testing.plugin -k "not ($left_out)" \
    tests/python/{dispatcher,authenticator,server,server_life}_test.py
