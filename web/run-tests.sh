#!/usr/bin/env bash
# Runs the tests of one workspace: bundles each for node, so that node's own runner, of 18 too, reads TypeScript.
#   run-tests.sh PATTERN...     from the workspace's folder
set -euo pipefail
export PATH="$PWD/../node_modules/.bin:$PATH"
out=build/test
rm -rf "$out"
# shellcheck disable=SC2086
esbuild $* --bundle --platform=node --format=esm --target=node18 --packages=external --ignore-annotations --conditions=source \
    --alias:@mythos/client=../client/src/index.ts --sourcemap=inline --outdir="$out" --out-extension:.js=.mjs --log-level=warning
exec node --enable-source-maps --test "$out"/*.mjs
