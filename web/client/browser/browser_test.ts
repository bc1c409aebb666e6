// The built client in a real Chromium: links that are cut, a reload, a hidden tab, no network, and many tabs.
import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { LinkProxy } from "../test/link_proxy.js";
import { Mythosd, until } from "../test/mythosd.js";
import { FLAWLESS, Tally } from "../test/tally.js";
import { launch, Pages } from "./chromium.js";

let browser: Browser;
let pages: Pages;
let server: Mythosd;
let proxy: LinkProxy;
let context: BrowserContext;
let said = 0;
let players = 0;
const faults: string[] = [];

before(async () => {
  pages = await Pages.start();
  server = await Mythosd.start(`heartbeat_ms = 1000\n[http]\norigins = ["${pages.origin}"]\n`);
  proxy = await LinkProxy.start(server.port);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await proxy?.stop();
  await server?.stop();
  await pages?.stop();
});
afterEach(async () => {
  await context?.close();
  assert.deepEqual(faults.splice(0), []);
});

async function open(player: string, options = "", from?: BrowserContext): Promise<Page> {
  context = from ?? (await browser.newContext());
  const page = await context.newPage();
  page.on("pageerror", (error) => faults.push(`${error}`));
  await page.goto(`${pages.origin}/?player=${player}&url=${proxy.url}${options}`);
  await page.waitForFunction("window.ready");
  return page;
}

async function fresh(options = ""): Promise<{ page: Page; player: string }> {
  said = 0;
  const player = `tab-${++players}`;
  return { page: await open(player, options), player };
}

async function say(count: number): Promise<void> {
  said += count;
  await server.publish({ channel: "room:tavern" }, said - count, count);
}

const arrived = (page: Page) => page.waitForFunction((n) => (window as never as Sight).told.includes(n - 1), said);
const evaluate = <T>(page: Page, expression: string): Promise<T> => page.evaluate(expression);
const bothLive = (page: Page) =>
  page.waitForFunction("Object.values(client.wires).every(({ status }) => status === 'live')");

interface Sight {
  told: number[];
}

async function assertFlawless(page: Page): Promise<void> {
  const tally = new Tally();
  tally.numbers.push(...(await evaluate<number[]>(page, "told")));
  tally.gaps.push(...(await evaluate<never[]>(page, "gaps")));
  assert.deepEqual(tally.faults(said), FLAWLESS);
}

test("links that are cut, one and both, lose, repeat and disorder nothing", async () => {
  const { page } = await fresh();
  for (const kinds of [["websocket"], ["sse"], ["websocket", "sse"], ["sse", "websocket"], ["websocket"]] as const) {
    await bothLive(page);
    const published = say(200);
    for (const kind of kinds) assert.equal(proxy.cut(kind), 1);
    await published;
    await say(50);
  }
  await arrived(page);
  await assertFlawless(page);
});

test("a page that is reloaded in the middle of the stream goes on where it was", async () => {
  const { page } = await fresh();
  await say(50);
  await arrived(page);
  const session = await evaluate<string>(page, "client.sessionId");
  for (let reload = 0; reload < 3; ++reload) {
    const published = say(300);
    await page.reload({ waitUntil: "commit" });
    await published;
    await page.waitForFunction("window.ready");
    assert.equal(await evaluate(page, "client.sessionId"), session);
  }
  await say(50);
  await arrived(page);
  await assertFlawless(page);
});

test("without network the client waits, and with it comes back at once, not after a back-off", async () => {
  const { page } = await fresh();
  await bothLive(page);
  await context.setOffline(true);
  proxy.refused.add("websocket").add("sse");
  proxy.cut("websocket");
  proxy.cut("sse");
  await say(100);
  await until("some attempts in vain", async () => {
    const reasons = await evaluate<string[]>(page, "reasons");
    return reasons.filter((reason) => reason.includes("connecting")).length >= 14;
  });
  proxy.refused.clear();
  await context.setOffline(false);
  await arrived(page);
  await bothLive(page);
  await say(10);
  await arrived(page);
  await assertFlawless(page);
});

test("a tab in the background keeps its wires, and misses nothing", async () => {
  const { page } = await fresh();
  await bothLive(page);
  const before = await evaluate<string[]>(page, "reasons");
  const front = await context.newPage();
  await front.bringToFront();
  await say(100);
  // Timers that are held back for far longer than two heartbeats, while messages come as they always do.
  await evaluate(page, "hold(8000)");
  await say(100);
  await until("eight seconds of held timers", () => evaluate(page, "heldUntil < performance.now()"), 30_000);
  await say(100);
  await page.bringToFront();
  await arrived(page);
  await assertFlawless(page);
  assert.deepEqual(await evaluate(page, "reasons"), before);
});

test("a page that wakes up reconnects at once, not when its timers get round to it", async () => {
  const { page } = await fresh();
  await bothLive(page);
  await evaluate(page, "hold(3_600_000)");
  proxy.cut("websocket");
  proxy.cut("sse");
  await say(100);
  await until("both wires' end", () =>
    evaluate(page, "Object.values(client.wires).every(({ status }) => status === 'closed')"),
  );
  await evaluate(page, "hold(0), document.dispatchEvent(new Event('visibilitychange'))");
  await arrived(page);
  await bothLive(page);
  await assertFlawless(page);
});

test("two tabs share one pair of connections, each is told everything, and one may go", async () => {
  const { page, player } = await fresh("&shared");
  const second = await open(player, "&shared", context);
  await say(100);
  await arrived(page);
  await arrived(second);
  const { connections } = await server.get(`/monitoring/connections?player=${player}`);
  assert.deepEqual(connections.map(({ wire }: { wire: string }) => wire).sort(), ["sse", "websocket"]);
  proxy.cut("websocket");
  proxy.cut("sse");
  await say(100);
  await arrived(second);
  await assertFlawless(second);
  const published = say(300);
  await second.reload({ waitUntil: "commit" });
  await published;
  await second.waitForFunction("window.ready");
  await page.close();
  await say(50);
  await arrived(second);
  await assertFlawless(second);
});
