#!/usr/bin/env bash
# Runs the C++ tests and then the Python tests on the release build, and ends with both runners' own summaries.
# Fails if a test failed, was skipped or disabled, or if a runner found no test.
set -uo pipefail
cd "$(dirname "$0")/.."
logs=build/test-logs
mkdir -p "$logs"
failed=0

ctest --test-dir build/release -j "$(nproc)" --no-tests=error --output-on-failure 2>&1 | tee "$logs/ctest.log" || failed=1
if grep -E '\*\*\*(Skipped|Not Run)|\(Disabled\)' "$logs/ctest.log" >/dev/null; then
    echo "a C++ test was skipped or not run: that counts as a failure here"
    failed=1
fi

.venv/bin/python -m pytest 2>&1 | tee "$logs/pytest.log" || failed=1
if tail -n 1 "$logs/pytest.log" | grep -E 'skipped|xfailed|xpassed|deselected' >/dev/null; then
    echo "a Python test was not run in earnest: that counts as a failure here"
    failed=1
fi

echo
grep -E '^[0-9]+% tests passed' "$logs/ctest.log" || failed=1
grep -E '[0-9]+ (passed|failed|error)' "$logs/pytest.log" | tail -n 1 | grep . || failed=1
exit "$failed"
