// What the tests' page does: opens a client as its address says, and keeps what it was told in sight of the test.
// What a page of before the reload was told is kept, so that the whole stream can be counted.
import { Client, type Commands } from "@mythos/client";
import { sharedClient } from "@mythos/client/shared";

const query = new URLSearchParams(location.search);
const url = query.get("url") ?? "";
const player = query.get("player") ?? "";
const KEPT = "told before";

// biome-ignore lint/suspicious/noExplicitAny: in sight of the test
const sight = window as any;
const told: number[] = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
addEventListener("pagehide", () => sessionStorage.setItem(KEPT, JSON.stringify(told)));

// Timers are held back as in a tab that has been in the background for long.
const soon = setTimeout;
sight.heldUntil = 0;
sight.hold = (ms: number) => {
  sight.heldUntil = performance.now() + ms;
};
sight.setTimeout = (run: () => void, ms = 0) => soon(run, Math.max(ms, sight.heldUntil - performance.now()));

const client: Commands = query.has("shared")
  ? sharedClient(url, player, { worker: "/shared_worker.js", storage: sessionStorage })
  : new Client(url, player, { storage: sessionStorage });
sight.client = client;
sight.told = told;
sight.gaps = [];
sight.reasons = [];
client.listen((tiding) => {
  if (tiding.kind === "entry") told.push(tiding.entry.data.n);
  if (tiding.kind === "gap") sight.gaps.push(tiding.gap);
  if (tiding.kind === "wire") sight.reasons.push(`${tiding.wire} ${tiding.status}: ${tiding.reason}`);
});
await client.open();
await client.subscribe("room:tavern");
sight.ready = true;
