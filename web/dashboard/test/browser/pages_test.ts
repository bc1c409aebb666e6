// The pages in a real Chromium, served by a server under load: every view in both themes, by mouse and by keyboard,
// without an error on the console, a request that fails or a violation that axe finds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { Server } from "./server.js";

// A view's address, and what it shows once its answers are there.
const VIEWS: readonly [name: string, hash: string, shows: string][] = [
  ["Overview", "#/overview", ".tile .uplot"],
  ["Delivery", "#/delivery?window=1m", ".stages td.number"],
  ["Connections", "#/connections", ".virtual tbody td a"],
  ["Errors", "#/errors", ".groups .more"],
  ["Alerts", "#/alerts", ".alerts .pill"],
  ["Health", "#/health", ".checks .pill"],
  ["Configuration", "#/configuration", ".options .value"],
];

let server: Server;
let browser: Browser;

before(async () => {
  server = await new Server().start();
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox"],
  });
  await server.provoke();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

interface Watched {
  context: BrowserContext;
  page: Page;
  /** What went wrong so far. */
  troubles: string[];
}

async function open(path: string, options: Parameters<Browser["newContext"]>[0] = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1_400, height: 900 }, ...options });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`uncaught: ${error.message}`));
  page.on("requestfailed", (request) => troubles.push(`failed: ${request.url()} ${request.failure()?.errorText}`));
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`);
  });
  await page.goto(server.url + path);
  return { context, page, troubles };
}

async function close({ context, page, troubles }: Watched): Promise<void> {
  const found = [...troubles]; // what leaving cuts off is no trouble
  await page.close();
  await context.close();
  assert.deepEqual(found, []);
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async () => {
    const { axe: check } = globalThis as unknown as { axe: typeof axe };
    return (await check.run(document, { resultTypes: ["violations"] })).violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`,
    );
  });
  return found;
}

const isWithin = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [1_400, 360]) {
    test(`each view is shown, ${colorScheme}, ${width} px wide`, async () => {
      const watched = await open("/", { colorScheme, viewport: { width, height: 800 } });
      const { page } = watched;
      for (const [name, hash, shows] of VIEWS) {
        await page.click(`nav a:has-text("${name}")`);
        if (hash.includes("?")) await page.evaluate((to) => location.replace(to), hash);
        await page.waitForSelector(shows, { state: "attached", timeout: 20_000 });
        assert.equal(await page.textContent("h1"), name);
        assert.deepEqual(await violations(page), [], `${name}, ${colorScheme}, ${width}`);
        assert.ok(await isWithin(page), `${name} is wider than ${width} px`);
      }
      await close(watched);
    });
  }
}

test("a connection's black box, and a session's two wires side by side", async () => {
  const watched = await open("/#/connections");
  const { page } = watched;
  await page.click(".virtual tbody td a");
  await page.waitForSelector(".timeline .moment");
  assert.deepEqual(await violations(page), []);
  await page.click("text=Both wires of the session side by side");
  await page.waitForFunction(() => document.querySelectorAll(".timeline thead th").length === 3);
  const wires = await page.$$eval(".timeline thead .wire", (all) => all.map(({ textContent }) => textContent));
  assert.deepEqual(wires, ["websocket", "sse"]);
  assert.deepEqual(await violations(page), []);
  await close(watched);
});

test("connections are sorted and filtered by the server, and paged by scrolling", async () => {
  const watched = await open("/#/connections");
  const { page } = watched;
  await page.waitForSelector(".virtual tbody td a");
  await page.click("button.sort:has-text('sent')");
  await page.waitForSelector("th[aria-sort=descending]:has-text('sent')");
  await page.click("button.sort:has-text('sent')");
  await page.waitForSelector("th[aria-sort=ascending]:has-text('sent')");
  await page.selectOption("select", "sse");
  await page.waitForFunction(() => {
    const wires = [...document.querySelectorAll(".virtual tbody .wire")];
    return wires.length > 0 && wires.every(({ textContent }) => textContent === "sse");
  });
  await page.click("text=Show all");
  await page.waitForSelector("table[aria-rowcount='81']");
  await page.$eval(".virtual", (box) => box.scrollTo(0, box.scrollHeight));
  await page.waitForSelector("tr[aria-rowindex='81']");
  await page.fill("input[type=search]", "bo");
  await page.keyboard.press("Enter");
  await page.waitForSelector("table[aria-rowcount='3']");
  await close(watched);
});

test("an error opens to its occurrences", async () => {
  const watched = await open("/#/errors");
  const { page } = watched;
  await page.click(".groups .more:has-text('bad_name')");
  assert.match((await page.textContent(".occurrences .line")) ?? "", /"error_code":"bad_name"/);
  assert.deepEqual(await violations(page), []);
  await close(watched);
});

test("an alert is silenced from its row, and the silence ended", async () => {
  const watched = await open("/#/alerts");
  const { page } = watched;
  await page.click(".alerts a:has-text('Silence')");
  await page.waitForFunction(() => document.querySelector<HTMLInputElement>("[name=matchers]")?.value !== "");
  await page.fill("[name=createdBy]", "ann");
  await page.fill("[name=comment]", "known");
  await page.click("form.silence button");
  await page.waitForSelector(".silences .pill:has-text('active')");
  await page.click(".silences button:has-text('End')");
  await page.waitForSelector(".silences .pill:has-text('expired')");
  await close(watched);
});

test("an option is found by its words", async () => {
  const watched = await open("/#/configuration");
  const { page } = watched;
  await page.fill("input[type=search]", "session.grace_s");
  await page.waitForFunction(() => document.querySelectorAll(".options tbody tr").length === 1);
  await close(watched);
});

test("everything is reached by keyboard, and what has the focus is seen", async () => {
  const watched = await open("/");
  const { page } = watched;
  await page.waitForSelector(".tile .uplot");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1");
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  const walked = new Set<string>();
  for (let i = 0; i < 40; ++i) {
    await page.keyboard.press("Tab");
    const [text, outline] = await page.evaluate(() => {
      const now = document.activeElement as HTMLElement;
      return [now.textContent ?? "", getComputedStyle(now).outlineStyle];
    });
    if (text && text !== (await page.textContent("body"))) {
      assert.notEqual(outline, "none", `no outline around ${text}`);
      walked.add(text.trim());
    }
  }
  const wanted = await page.$$eval("nav a, main a, button", (all) =>
    all.map(({ textContent }) => (textContent ?? "").trim()),
  );
  assert.deepEqual(
    wanted.filter((text) => !walked.has(text)),
    [],
  );
  await page.focus("nav a:has-text('Errors')");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".groups .more");
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Errors");
  await close(watched);
});

test("the reader's choice of colours outlives a reload", async () => {
  const watched = await open("/", { colorScheme: "light" });
  const { page } = watched;
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), "light");
  await page.click(".theme");
  await page.click(".theme");
  assert.equal(await theme(), "dark");
  await page.reload();
  await page.waitForSelector(".tile");
  assert.equal(await theme(), "dark");
  await page.context().close();
});

test("a cut connection is said plainly, and forgotten when it is back", async () => {
  const { context, page } = await open("/");
  await page.waitForSelector(".fresh.live");
  await context.setOffline(true);
  await page.waitForSelector(".cut-banner.shown");
  assert.match(
    (await page.textContent(".cut-banner [role=status]")) ?? "",
    /cut\. No data since \d\d:\d\d:\d\d\. .* as it was then/,
  );
  assert.ok(await page.evaluate(() => document.documentElement.classList.contains("stale")));
  assert.deepEqual(await violations(page), []);
  await context.setOffline(false);
  await page.waitForSelector(".fresh.live");
  assert.equal(await page.$(".cut-banner.shown"), null);
  await context.close();
});

test("where no stream comes through, figures are asked for", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/monitoring/stream", (route) => route.abort());
  await page.goto(server.url);
  await page.waitForSelector(".fresh.polling");
  await page.waitForFunction(() => /connections healthy/.test(document.querySelector(".sentence")?.textContent ?? ""));
  await context.close();
});

test("the game loses and repeats nothing, whichever wire is cut", async () => {
  const watched = await open("/game");
  const { page } = watched;
  const figure = (name: string) =>
    page.$$eval(
      ".pane .figure",
      (all, wanted) =>
        all
          .filter((each) => each.querySelector("dt")?.textContent === wanted)
          .map((each) => Number(each.querySelector("b")?.textContent)),
      name,
    );
  const received = async (more: number) => {
    const [ann = 0, ben = 0] = await figure("received");
    await page.waitForFunction(
      ([a, b]) => {
        const now = [...document.querySelectorAll(".pane .figure:first-child b")].map(({ textContent }) =>
          Number(textContent),
        );
        return (now[0] ?? 0) >= (a ?? 0) && (now[1] ?? 0) >= (b ?? 0);
      },
      [ann + more, ben + more],
    );
  };
  await received(4);
  assert.deepEqual(await violations(page), []);
  const button = (wire: string, what: string) =>
    page.click(`.pane >> nth=0 >> .wires li:has-text("${wire}") button:has-text("${what}")`);
  await button("websocket", "Cut");
  await received(4);
  await button("sse", "Cut");
  await page.waitForSelector(".wires li:has-text('sse') .pill.bad");
  await button("sse", "Mend");
  await received(4);
  await button("websocket", "Mend");
  await page.waitForFunction(() => document.querySelectorAll(".wires .pill.ok").length === 4);
  await received(4);
  for (const name of ["lost", "duplicated", "out of order"]) assert.deepEqual(await figure(name), [0, 0], name);
  await page.context().close();
});
