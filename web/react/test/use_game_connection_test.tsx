// The hook in a real React against a real server.
import "./dom.js";
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { StrictMode, useEffect } from "react";
import { createRoot, type Root } from "react-dom/client";
import WebSocket from "ws";
import { LinkProxy } from "../../client/test/link_proxy.js";
import { Mythosd, until } from "../../client/test/mythosd.js";
import { type GameConnectionOptions, type UseGameConnection, useGameConnection } from "../src/index.js";

let server: Mythosd;
let proxy: LinkProxy;
let root: Root;
let game: UseGameConnection;
let mounts = 0;
const healths: string[] = [];
const numbers: number[] = [];

before(async () => {
  server = await Mythosd.start();
  proxy = await LinkProxy.start(server.port);
});
after(async () => {
  await proxy.stop();
  await server.stop();
});
afterEach(() => {
  root.unmount();
  healths.length = numbers.length = mounts = 0;
  proxy.refused.clear();
});

function Game(props: GameConnectionOptions) {
  game = useGameConnection(props);
  healths.push(game.health);
  useEffect(() => void ++mounts, []);
  return <output>{game.health}</output>;
}

function render(player: string, given: Partial<GameConnectionOptions> = {}): void {
  root = createRoot(document.getElementById("root") as HTMLElement);
  root.render(
    <StrictMode>
      <Game
        url={proxy.url}
        player={player}
        options={{ WebSocket }}
        onEntry={({ data }) => numbers.push(data.n)}
        {...given}
      />
    </StrictMode>,
  );
}

const shown = (health: string) => until(health, () => document.querySelector("output")?.textContent === health);
const connections = async (player: string): Promise<unknown[]> =>
  (await server.get(`/monitoring/connections?player=${player}`)).connections;

test("it goes from unknown to healthy, by StrictMode's two mounts with one pair of connections", async () => {
  render("ann");
  await shown("healthy");
  assert.equal(healths[0], "unknown");
  await until("one pair", async () => (await connections("ann")).length === 2);
  const info = game.getConnectionInfo();
  assert.equal(info.player, "ann");
  assert.equal(info.sessionId, game.sessionId);
  assert.equal(info.wires.websocket?.status, "live");
});

test("a wire that stays away makes it degraded, none unhealthy, and nothing is lost", async () => {
  render("bob");
  await shown("healthy");
  await server.publish({ player: "bob" }, 0, 10);
  proxy.refused.add("websocket");
  proxy.cut("websocket");
  await shown("degraded");
  await server.publish({ player: "bob" }, 10, 10);
  proxy.refused.add("sse");
  proxy.cut("sse");
  await shown("unhealthy");
  assert.equal(game.isConnected, false);
  await server.publish({ player: "bob" }, 20, 10);
  proxy.refused.clear();
  await shown("healthy");
  await until("the last", () => numbers.length >= 30);
  assert.deepEqual(
    numbers,
    Array.from({ length: 30 }, (_, n) => n),
  );
});

test("commands, disconnecting and connecting again", async () => {
  render("cid", { autoConnect: false });
  await until("StrictMode's second mount", () => mounts === 2);
  await assert.rejects(game.sendCommand("ping"), { name: "ClientStopped" });
  await game.connect();
  await game.sendCommand("subscribe", { channel: "room:tavern" });
  await shown("healthy");
  game.disconnect();
  await shown("unknown");
  await until("no connection", async () => !(await connections("cid")).length);
  await server.publish({ channel: "room:tavern" }, 0, 3);
  await game.connect();
  await until("what was said meanwhile", () => numbers.length === 3);
});

test("a new session replaces the old one, which a tab can be switched to no more", async () => {
  render("dan");
  await shown("healthy");
  const old = game.sessionId;
  const made = await game.createNewSession();
  await shown("healthy");
  assert.notEqual(made, old);
  assert.equal(game.sessionId, made);
  await game.switchToSession(made);
  await shown("healthy");
  await server.post("/api/connections/dan/session", {});
  await shown("unhealthy");
  assert.equal(game.error, "session_replaced");
  await assert.rejects(game.switchToSession(made), { name: "ClientStopped", code: "session_replaced" });
});

test("a server that is not there is an error in sight", async () => {
  render("eva", { url: "http://127.0.0.1:9", options: { WebSocket, openTimeoutMs: 200 } });
  await shown("unhealthy");
  assert.equal(game.error, "connect_failed");
});
