// The client that people import, against a real server, through a proxy that harms its links.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import WebSocket from "ws";
import { Client, type ClientOptions } from "../src/index.js";
import { LinkProxy } from "./link_proxy.js";
import { Mythosd, until } from "./mythosd.js";
import { FLAWLESS, Tally } from "./tally.js";

let server: Mythosd;
let proxy: LinkProxy;
let players = 0;

before(async () => {
  server = await Mythosd.start("heartbeat_ms = 500\n");
  proxy = await LinkProxy.start(server.port);
});
after(async () => {
  await proxy.stop();
  await server.stop();
});

const clients: Client[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});

function clientOf(options: ClientOptions = {}, url = proxy.url, player = `player-${++players}`): Client {
  const client = new Client(url, player, { WebSocket, ...options });
  clients.push(client);
  return client;
}
const bothLive = (client: Client) =>
  until("both wires", () =>
    Object.values(client.wires).every(({ status }) => status === "live" || status === "standby"),
  );

for (const mode of ["mirror", "standby"] as const) {
  test(`${mode}: links that are cut again and again lose, repeat and disorder nothing`, async () => {
    const client = clientOf({ mode });
    const tally = new Tally(client);
    await client.open();
    await client.subscribe("room:tavern");
    // A wire that is cut again within a second waits longer and longer, so more rounds would only wait.
    let said = 0;
    for (let cuts = 0; cuts < 12; said += 100) {
      const kind = await until("a wire", () => (["websocket", "sse"] as const).find((wire) => proxy.count(wire)));
      const published = server.publish({ channel: "room:tavern" }, said, 100);
      await server.publish({ player: "nobody" }, 0, 1); // a turn of the server
      cuts += proxy.cut(said % 400 ? kind : "sse") + proxy.cut(said % 300 ? kind : "websocket");
      await published;
    }
    await until("the last entry", () => tally.numbers.includes(said - 1));
    assert.deepEqual(tally.faults(said), FLAWLESS);
    await bothLive(client);
    client.close();
    await assert.rejects(client.unsubscribe("room:tavern"), { name: "ClientStopped", code: "stopped" });
  });
}

test("a link that goes dark is found out and nothing is lost", async () => {
  const client = clientOf();
  const tally = new Tally(client);
  await client.open();
  await bothLive(client);
  proxy.blackHole("websocket");
  await server.publish({ player: client.player }, 0, 50);
  await until("all by the other wire", () => tally.numbers.length === 50);
  await until("the dark wire's return", () => tally.tidings.some((t) => t.kind === "wire" && t.reason === "heartbeat"));
  proxy.blackHole("sse");
  await server.publish({ player: client.player }, 50, 50);
  await until("the rest", () => tally.numbers.length === 100);
  assert.deepEqual(tally.faults(100), FLAWLESS);
});

test("commands are executed once whatever happens to the wire that carried them", async () => {
  const client = clientOf();
  const tally = new Tally(client);
  await client.open();
  const sent: Promise<string>[] = [];
  for (let n = 0; n < 120; ++n) {
    sent.push(client.publish("counted", { n }, { player: client.player }));
    if (n % 20 === 7) {
      await new Promise(setImmediate);
      proxy.cut("websocket");
    }
  }
  const ids = await Promise.all(sent);
  assert.equal(new Set(ids).size, 120);
  await until("each of them", () => tally.numbers.length >= 120);
  assert.deepEqual(
    tally.numbers.slice().sort((a, b) => a - b),
    Array.from({ length: 120 }, (_, n) => n),
  );
});

test("without a WebSocket commands are posted, and without an event stream nothing is missing", async () => {
  for (const wire of ["sse", "websocket"] as const) {
    const client = clientOf({ wires: [wire] });
    const tally = new Tally(client);
    await client.open();
    await client.subscribe("room:cellar");
    await client.publish("counted", { n: 0 }, { channel: "room:cellar" });
    await until("the entry", () => tally.numbers.length === 1);
    assert.deepEqual(Object.keys(client.wires), [wire]);
    await assert.rejects(client.command("nonsense"), { name: "CommandFailed", code: "unknown_command" });
    client.close();
  }
});

test("another run goes on where the first one ended, with what was said in between", async () => {
  const first = clientOf();
  const tally = new Tally(first);
  await first.open();
  await server.publish({ player: first.player }, 0, 10);
  await until("the first ten", () => tally.numbers.length === 10);
  const { clientId, cursor, sessionId } = first;
  assert.ok(cursor && sessionId);
  first.close();
  await server.publish({ player: first.player }, 10, 10);
  const second = clientOf({ clientId, sessionId, cursor }, proxy.url, first.player);
  second.listen((tiding) => tally.take(tiding));
  await second.open();
  await until("the next ten", () => tally.numbers.length === 20);
  assert.deepEqual(tally.faults(20), FLAWLESS);
  assert.equal(second.sessionId, sessionId);
});

test("a session that is replaced ends the client, which does not come back", async () => {
  const client = clientOf();
  const tally = new Tally(client);
  await client.open();
  const { previous_connections_disconnected } = await server.post(`/api/connections/${client.player}/session`, {});
  assert.ok(previous_connections_disconnected >= 1);
  await until("the end", () => client.stoppedBy);
  assert.equal(client.stoppedBy, "session_replaced");
  assert.deepEqual(tally.gaps, []);
  await assert.rejects(client.command("ping"), { name: "ClientStopped", code: "session_replaced" });
});

test("a displaced wire stays away", async () => {
  const client = clientOf();
  await client.open();
  await bothLive(client);
  const { connections } = await server.get(`/api/connections/${client.player}`);
  for (const { connection_id } of connections) await server.post("/api/disconnect", { connection_id, code: 4003 });
  await until("the end", () => client.stoppedBy);
  assert.equal(client.stoppedBy, "displaced");
});

test("a server that starts anew is told as a gap, and its client subscribes again", async () => {
  const own = await Mythosd.start();
  const client = clientOf({}, own.url);
  const tally = new Tally(client);
  await client.open();
  await client.subscribe("room:tavern");
  const { epoch } = client;
  const { port } = own;
  await own.stop();
  const next = await Mythosd.start("", port);
  await until("the new epoch", () => client.epoch !== epoch);
  await until("the subscription", async () => (await next.get("/api/channels")).channels.length === 1);
  await next.publish({ channel: "room:tavern" }, 0, 1);
  await until("an entry", () => tally.numbers.length === 1);
  assert.equal(tally.gaps.length, 1);
  assert.equal(tally.gaps[0]?.lost, null);
  client.close();
  await next.stop();
});

test("where nobody listens, opening fails and says why", async () => {
  const client = clientOf({ openTimeoutMs: 300 }, "http://127.0.0.1:9");
  await assert.rejects(client.open(), { name: "ConnectFailed", message: /websocket is .*sse is/ });
});
