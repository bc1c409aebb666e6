import assert from "node:assert/strict";
import { test } from "node:test";
import { Tally } from "../../src/game/tally.js";

const told = (...numbers: number[]) => {
  const tally = new Tally();
  for (const n of numbers) tally.arrived(n);
  return [tally.received, tally.lost, tally.duplicated, tally.disordered];
};

test("numbers in order are received", () => assert.deepEqual(told(1, 2, 3), [3, 0, 0, 0]));
test("a hole is lost as soon as a higher number comes", () => assert.deepEqual(told(1, 4), [2, 2, 0, 0]));
test("what comes late is out of order, no longer lost", () => assert.deepEqual(told(1, 3, 2), [3, 0, 0, 1]));
test("what comes twice is duplicated", () => assert.deepEqual(told(1, 2, 2, 1), [2, 0, 2, 0]));

test("what never was published is not lost, whenever that is known", () => {
  const tally = new Tally();
  tally.unsent(2);
  tally.arrived(1);
  tally.arrived(4);
  assert.equal(tally.lost, 1);
  tally.unsent(3);
  assert.equal(tally.lost, 0);
});
