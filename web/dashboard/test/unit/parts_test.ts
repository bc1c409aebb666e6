import assert from "node:assert/strict";
import { test } from "node:test";
import { bucketName, rowsUsed, shade } from "../../src/parts/heat.js";
import { detail, inTime } from "../../src/parts/moments.js";
import { PAGE_ROWS, pagesInSight, ROW_PX } from "../../src/parts/paging.js";

test("buckets are named by their bounds", () => {
  assert.deepEqual(
    [0, 1, 2].map((row) => bucketName([1, 2], row)),
    ["below 1 ms", "1 ms to 2 ms", "beyond 2 ms"],
  );
});

test("rows with something in them are drawn, with one to each side", () => {
  const counts = [null, [0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 0]];
  assert.deepEqual(rowsUsed({ bounds_ms: Array.from({ length: 10 }, (_, i) => i + 1), counts }), [2, 7]);
  assert.deepEqual(rowsUsed({ bounds_ms: [1, 2], counts: [null] }), [0, 2]);
});

test("one among thousands is seen", () => {
  assert.equal(shade(0, 1_000), 0);
  assert.ok(shade(1, 100_000) > 0.18);
  assert.equal(shade(1_000, 1_000), 1);
});

test("only pages in sight are asked for, the last one at most", () => {
  const page = ROW_PX * PAGE_ROWS;
  assert.deepEqual(pagesInSight(0, 500, 10_000), [0, 0]);
  assert.deepEqual(pagesInSight(page - 10, 500, 10_000), [0, 1]);
  assert.deepEqual(pagesInSight(1e9, 500, 120), [2, 2]);
  assert.deepEqual(pagesInSight(0, 500, 0), [0, 0]);
});

test("two lanes are one timeline", () => {
  const lane = (name: string, ...at: string[]) => ({
    name,
    wire: name,
    forgotten: 0,
    events: at.map((when) => ({ at: when, event: "healthy" })),
  });
  const rows = inTime([lane("a", "2026-01-01T00:00:03Z"), lane("b", "2026-01-01T00:00:01Z", "2026-01-01T00:00:05Z")]);
  assert.deepEqual(
    rows.map((row) => row.lane),
    [1, 0, 1],
  );
});

test("an event says in words what it carries", () => {
  const at = "2026-01-01T00:00:00Z";
  assert.equal(detail({ at, event: "replayed", entries: 12 }), "12 entries sent again");
  assert.equal(detail({ at, event: "gap", before: "e-9", lost: 0 }), "up to e-9, 0 lost");
  assert.equal(detail({ at, event: "closing", close_code: 1001 }), "close code 1001");
});
