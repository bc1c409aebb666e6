import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, duration, number, percent, span, UNKNOWN } from "../../src/core/format.js";

test("what is not known is a dash, never 0 or NaN", () => {
  for (const format of [number, count, percent, duration, span, bytes]) {
    for (const value of [null, undefined, Number.NaN]) assert.equal(format(value), UNKNOWN);
  }
});

test("numbers keep three digits, and thousands their commas", () => {
  assert.deepEqual([0, 12345.6, 12.34, 1.234, 0.01234, 7].map(number), ["0", "12,346", "12.3", "1.2", "0.012", "7"]);
});

test("a part is never rounded up to all", () => {
  assert.deepEqual([100, 99.9996, 99.95, 99.5, 0].map(percent), ["100 %", "99.999 %", "99.95 %", "99.5 %", "0 %"]);
});

test("durations take the unit that fits", () => {
  assert.deepEqual([0, 0.24, 3.44, 999, 1500, 61_000].map(duration), [
    "0 ms",
    "240 µs",
    "3.4 ms",
    "999 ms",
    "1.5 s",
    "1 min 1 s",
  ]);
  assert.deepEqual([59, 60, 3_600, 90_061].map(span), ["59 s", "1 min", "1 h", "1 d 1 h"]);
});

test("bytes are told in powers of 1024", () => {
  assert.deepEqual([0, 512, 1024, 5 << 20].map(bytes), ["0 B", "512 B", "1 KiB", "5 MiB"]);
});
