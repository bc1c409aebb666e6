// What the page costs at 10,000 connections: main-thread task time over a minute in each view (bound: 3 s in 60).
//   node test/browser/budget.mjs URL [SECONDS]
// URL is a server that has its connections already, such as those that bench_loadgen opens.
import { chromium } from "playwright-core";

const [, , url, seconds = "60"] = process.argv;
const BOUND = 3 / 60;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const page = await browser.newPage({ viewport: { width: 1_400, height: 900 } });
const session = await page.context().newCDPSession(page);
await session.send("Performance.enable");
const taskTime = async () => {
  const { metrics } = await session.send("Performance.getMetrics");
  return metrics.find(({ name }) => name === "TaskDuration").value;
};
let worst = 0;
for (const view of ["overview", "delivery", "connections", "errors", "alerts", "health"]) {
  await page.goto(`${url}/#/${view}`);
  await page.waitForSelector(".fresh.live");
  await page.waitForTimeout(3_000);
  const before = await taskTime();
  await page.waitForTimeout(Number(seconds) * 1e3);
  const part = ((await taskTime()) - before) / Number(seconds);
  worst = Math.max(worst, part);
  const open = await page.evaluate(
    async () => (await (await fetch("/monitoring/dual-connections")).json()).connections.total,
  );
  console.log(`${view}: ${(part * 60).toFixed(2)} s of task time in 60 s at ${open} connections`);
}
await browser.close();
process.exitCode = worst <= BOUND ? 0 : 1;
