// One real server under test, on a port of its own choosing. `MYTHOSD` names the program; `make build` makes it.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const START_MS = 20_000;

/** Waits for something true, and fails by name. */
export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  withinMs = 20_000,
): Promise<Exclude<T, false | 0 | "" | null | undefined>> {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await probe();
    if (answer) return answer as Exclude<T, false | 0 | "" | null | undefined>;
    if (Date.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

export class Mythosd {
  private constructor(
    readonly port: number,
    private readonly _process: ChildProcess,
    private readonly _folder: string,
  ) {}

  /** `config` is TOML. */
  static async start(config = "", port = 0): Promise<Mythosd> {
    const program = process.env.MYTHOSD ?? resolve("../../build/release/mythosd");
    if (!existsSync(program)) throw new Error(`no mythosd at ${program}: build it first, or name it with MYTHOSD`);
    const folder = mkdtempSync(join(tmpdir(), "mythosd-"));
    const file = join(folder, "mythos.toml");
    const portFile = join(folder, "port");
    writeFileSync(file, config);
    const options = ["--listen", `127.0.0.1:${port}`, "--config", file, "--port-file", portFile];
    const started = spawn(program, options, { cwd: folder, stdio: "ignore" });
    process.once("exit", () => started.kill("SIGKILL"));
    const ready = () => {
      if (started.exitCode !== null) throw new Error(`mythosd ended with ${started.exitCode}`);
      return existsSync(portFile) && Number(readFileSync(portFile, "utf8"));
    };
    return new Mythosd(await until("the port of mythosd", ready, START_MS), started, folder);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Posts to one of the application's routes; the answer. */
  // biome-ignore lint/suspicious/noExplicitAny: as many shapes as routes
  async post(path: string, body: unknown): Promise<any> {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(this.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  // biome-ignore lint/suspicious/noExplicitAny: as many shapes as routes
  async get(path: string): Promise<any> {
    return (await fetch(this.url + path)).json();
  }

  /** Publishes `{"n": n}` for each of the numbers. */
  async publish(target: object, from: number, count: number): Promise<void> {
    const messages = Array.from({ length: count }, (_, i) => ({ ...target, type: "counted", data: { n: from + i } }));
    await this.post("/api/publish", { messages });
  }

  /** Without the time that a polite end takes, which is tested elsewhere. */
  async stop(): Promise<void> {
    if (this._process.exitCode === null && this._process.signalCode === null) {
      const ended = new Promise((done) => this._process.once("exit", done));
      this._process.kill("SIGKILL");
      await ended;
    }
    rmSync(this._folder, { recursive: true, force: true });
  }
}
