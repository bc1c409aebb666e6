import assert from "node:assert/strict";
import { test } from "node:test";
import { formatRoute, parseRoute } from "../../src/core/route.js";

test("an address names the view, what is looked at, and how", () => {
  assert.deepEqual(parseRoute("#/connections/k_1?sort=lag"), {
    view: "connections",
    id: "k_1",
    query: { sort: "lag" },
  });
  assert.deepEqual(parseRoute(""), { view: "overview", id: "", query: {} });
});

test("what is formatted is parsed as it was", () => {
  const hash = formatRoute("sessions", "a/b %", { player: "x&y", empty: "" });
  assert.deepEqual(parseRoute(hash), { view: "sessions", id: "a/b %", query: { player: "x&y" } });
});

test("a broken escape is taken as it stands", () => {
  assert.equal(parseRoute("#/connections/%E0%").id, "%E0%");
});
