// What the main entry costs a page: it must stay as small as the README says.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const BYTES_MAX = 9_216;

test(`the main entry has at most ${BYTES_MAX} bytes, gzipped`, () => {
  const { length } = gzipSync(readFileSync("dist/index.js"), { level: 9 });
  assert.ok(length <= BYTES_MAX, `${length} bytes`);
});

test("it imports nothing", () => {
  assert.doesNotMatch(readFileSync("dist/index.js", "utf8"), /\bimport\b[^.]/);
});
