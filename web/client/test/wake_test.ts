// What the vectors, which are shared with clients that do not sleep, do not say: the core after a sleep.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createDualClient, type DualClient } from "../src/core/dual_client.js";

const WELCOME = {
  session_id: "s1",
  player_id: "ann",
  epoch: "e1",
  cursor: "e1-5",
  heartbeat_ms: 1_000,
  mode: "mirror",
};

function opened(client: DualClient): number[] {
  return client.takeOutputs().flatMap((output) => (output.kind === "open" ? output.attempt : []));
}

function started(): DualClient {
  const client = createDualClient({ clientId: "tab", random: () => 0.5 });
  client.start(0);
  for (const [wire, attempt] of [["websocket", 1] as const, ["sse", 2] as const]) {
    const data = { ...WELCOME, connection_id: wire };
    client.message(1, wire, attempt, JSON.stringify({ type: "mythos.welcome", data }));
  }
  client.takeOutputs();
  return client;
}

test("no back-off is waited for, but a Retry-After is", () => {
  const client = createDualClient({ clientId: "tab", wires: ["websocket"], random: () => 0.5 });
  client.start(0);
  for (let attempt = 1; attempt < 6; ++attempt) {
    assert.deepEqual(opened(client), [attempt]);
    client.closed(10, "websocket", attempt, {});
    assert.deepEqual(opened(client), []);
    client.wake(10);
  }
  client.takeOutputs();
  client.closed(20, "websocket", 6, { httpStatus: 503, retryAfterMs: 4_000 });
  client.wake(20);
  assert.deepEqual(opened(client), []);
  client.wake(4_520); // at most a quarter later, here half of that
  assert.deepEqual(opened(client), [7]);
});

test("a wire that has been silent since the network went is reopened, the other is left alone", () => {
  const client = started();
  client.message(500, "sse", 2, '{"type":"mythos.heartbeat","data":{"cursor":"e1-5"}}');
  client.wake(600, 400);
  client.tick(620);
  assert.deepEqual(opened(client), [3]);
});
