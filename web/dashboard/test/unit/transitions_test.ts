import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT_MAX, Observer, segments } from "../../src/core/transitions.js";

test("what was before the first transition is what that one left", () => {
  const changes = [
    { at: 60, name: "a", from: "bad", to: "ok" },
    { at: 30, name: "a", from: "ok", to: "bad" },
    { at: 40, name: "b", from: "x", to: "y" },
  ];
  assert.deepEqual(segments(changes, "a", "ok", 0, 100), [
    { state: "ok", from: 0, to: 30 },
    { state: "bad", from: 30, to: 60 },
    { state: "ok", from: 60, to: 100 },
  ]);
  assert.deepEqual(segments(changes, "c", "ok", 0, 100), [{ state: "ok", from: 0, to: 100 }]);
});

test("a transition before the beginning says nothing of what is shown", () => {
  const changes = [{ at: 5, name: "a", from: "bad", to: "ok" }];
  assert.deepEqual(segments(changes, "a", "ok", 10, 20), [{ state: "ok", from: 10, to: 20 }]);
});

test("the first look notes nothing, later ones what changed and what went away", () => {
  const observer = new Observer();
  observer.look(10, new Map([["a", "firing"]]), "inactive");
  assert.deepEqual(observer.seen, []);
  observer.look(20, new Map([["b", "pending"]]), "inactive");
  assert.deepEqual(observer.seen, [
    { at: 20, name: "b", from: "inactive", to: "pending" },
    { at: 20, name: "a", from: "firing", to: "inactive" },
  ]);
});

test("what is kept is bounded", () => {
  const observer = new Observer();
  for (let i = 0; i < KEPT_MAX + 10; ++i) observer.look(i + 1, new Map([["a", `${i}`]]));
  assert.equal(observer.seen.length, KEPT_MAX);
});
