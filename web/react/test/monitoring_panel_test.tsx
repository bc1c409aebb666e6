// The panel in a real React, of a real server.
import "./dom.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "@mythos/client";
import { createRoot } from "react-dom/client";
import WebSocket from "ws";
import { Mythosd, until } from "../../client/test/mythosd.js";
import { MonitoringPanel } from "../src/index.js";

const text = () => document.getElementById("root")?.textContent ?? "";

test("it shows the server's own figures, and says when they are old", async () => {
  const server = await Mythosd.start();
  const client = new Client(server.url, "ann", { WebSocket });
  await client.open();
  const root = createRoot(document.getElementById("root") as HTMLElement);
  root.render(<MonitoringPanel url={server.url} intervalMs={20} />);
  await until("both connections", () => text().includes("2 / 2 healthy"));
  assert.match(text(), /Connection health100\.0 %/);
  assert.match(text(), /Response time\d+\.\d ms\d+\.\d requests\/s/);
  assert.match(text(), /Error rate0\.00 \/min0 errors in the last hour/);
  assert.doesNotMatch(text(), /Not up to date/);
  client.close();
  await server.stop();
  await until("the trouble", () => text().includes("Not up to date"));
  assert.match(text(), /2 \/ 2 healthy|0 \/ 0 healthy/);
  root.unmount();
});

test("a server that answers with a refusal has no figures", async () => {
  const server = await Mythosd.start("[monitor]\nenabled = false\n");
  const root = createRoot(document.getElementById("root") as HTMLElement);
  root.render(<MonitoringPanel url={server.url} />);
  await until("the refusal", () => /No data \(.*HTTP \d+\)/.test(text()));
  root.unmount();
  await server.stop();
});
