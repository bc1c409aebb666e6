import assert from "node:assert/strict";
import { test } from "node:test";
import { columnOf, countByStep, extremes, knownFrom, lastKnown, summed, timesOf } from "../../src/core/history.js";

const history = { step_s: 10, end: 1_000, series: { p95_ms: [null, 2, null], sse: [1, 2, 3] } };

test("the last column is of the end, and each before it a step earlier", () => {
  assert.deepEqual(timesOf(history), [980, 990, 1_000]);
  assert.equal(knownFrom(history), 970_000);
  assert.deepEqual(timesOf({ ...history, series: {} }), []);
});

test("a series that is not told is not known, rather than 0", () => {
  assert.deepEqual(columnOf(history, "fan_out", 3), [null, null, null]);
  assert.equal(lastKnown([null, null]), null);
  assert.equal(extremes([null]), null);
});

test("holes count neither as newest nor as lowest", () => {
  assert.equal(lastKnown(history.series.p95_ms), 2);
  assert.deepEqual(extremes([null, 5, 2]), { lowest: 2, highest: 5 });
});

test("steps are summed from the newest on", () => {
  assert.deepEqual(summed([1, 2, null, 4, 5], 2), [1, 2, 9]);
});

test("times are counted into equal parts, those outside nowhere", () => {
  assert.deepEqual(countByStep([0, 1, 5, 9.9, 10, -1], 0, 10, 2), [2, 2]);
});
