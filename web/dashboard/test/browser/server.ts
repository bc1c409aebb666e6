// The demo game's server as a process of its own, on a port of its choice, with bots for load.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const ROOT = resolve("../.."); // tests run in the workspace's folder
const START_MS = 30_000;

// One rule that fires at once, so that there is an alert to look at.
const RULES = `groups:
- name: test
  interval: 1s
  rules:
  - alert: SomebodyIsHere
    expr: mythos_active_connections > 0
    labels: {severity: warning}
    annotations: {summary: Somebody is connected, description: "{{ $value }} connections are open"}
  - alert: SlowMessageDelivery
    expr: histogram_quantile(0.95, sum by (le) (rate(mythos_message_delivery_seconds_bucket[5m]))) > 0.5
    for: 5m
`;
const NOTIFICATIONS = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n";

export class Server {
  url = "";
  private readonly _folder = mkdtempSync(join(tmpdir(), "mythos-pages-"));
  private _process: ChildProcess | null = null;

  async start(): Promise<this> {
    const file = (name: string, text: string) => {
      writeFileSync(join(this._folder, name), text);
      return join(this._folder, name);
    };
    const config = file(
      "mythos.toml",
      `[alerts]\ninterval_s = 1\nrules = [${JSON.stringify(file("rules.yml", RULES))}]\nnotifications = ${JSON.stringify(
        file("notifications.yml", NOTIFICATIONS),
      )}\n`,
    );
    const ports = join(this._folder, "port");
    const options = ["serve", "--demo", "--bots", "40", "--bot-rate", "2", "--listen", "127.0.0.1:0"];
    this._process = spawn(
      join(ROOT, ".venv/bin/python"),
      ["-m", "mythos", ...options, "--config", config, "--port-file", ports],
      {
        cwd: this._folder,
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const end = Date.now() + START_MS;
    while (!existsSync(ports) || !readFileSync(ports, "utf8").trim()) {
      if (Date.now() > end || this._process.exitCode !== null) throw new Error("the server does not start");
      await sleep(50);
    }
    this.url = `http://127.0.0.1:${readFileSync(ports, "utf8").trim()}`;
    return this;
  }

  /** What goes wrong for the view of errors: names and upgrades that the server refuses. */
  async provoke(): Promise<void> {
    for (const path of ["/sse/%21%21", "/ws/ann", "/sse/ann?cursor=nonsense"])
      await (await fetch(this.url + path)).text();
  }

  async stop(): Promise<void> {
    if (this._process && this._process.exitCode === null) {
      this._process.kill("SIGTERM");
      await once(this._process, "exit");
    }
    rmSync(this._folder, { recursive: true, force: true });
  }
}
