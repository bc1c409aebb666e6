import assert from "node:assert/strict";
import { test } from "node:test";
import { steadyClock, watchHost } from "../src/clock.js";

test("the clock takes the larger step of two, and never goes back", () => {
  let monotonic = 0;
  let wall = 1_000;
  const now = steadyClock(
    () => monotonic,
    () => wall,
  );
  assert.equal(now(), 0);
  monotonic += 5;
  wall += 5;
  assert.equal(now(), 5);
  wall += 3_600_000; // the computer slept, and the monotonic clock with it
  assert.equal(now(), 3_600_005);
  wall -= 7_200_000; // set back
  monotonic += 10;
  assert.equal(now(), 3_600_015);
});

test("a page that is hidden is no reason to look, one that is seen again or back online is, until it ends", () => {
  const page = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  const host = Object.assign(new EventTarget(), { document: page });
  const seen: string[] = [];
  const end = watchHost(
    host,
    () => seen.push("back"),
    () => seen.push("away"),
  );
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(seen, []);
  page.visibilityState = "visible";
  page.dispatchEvent(new Event("visibilitychange"));
  host.dispatchEvent(new Event("offline"));
  host.dispatchEvent(new Event("online"));
  assert.deepEqual(seen, ["back", "away", "back"]);
  end();
  host.dispatchEvent(new Event("online"));
  assert.equal(seen.length, 3);
});
