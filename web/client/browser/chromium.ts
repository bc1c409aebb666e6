// A real Chromium, a page for the client to run on, and what such a page is served.
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { buildSync } from "esbuild";
import { type Browser, chromium } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!executablePath) throw new Error("no chromium: `make test-browser` installs it, or name it with CHROMIUM");
  // Without the last ones it asks its maker's hosts for updates at every start.
  const args = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, args, env: { ...process.env, HOME: "/tmp" } });
}

// The page's own script, which imports the built client from where the pages are served.
function pageScript(): string {
  const alias = { "@mythos/client/shared": "/shared.js", "@mythos/client": "/index.js" };
  const external = Object.values(alias);
  const options = { bundle: true, format: "esm", write: false, alias, external } as const;
  return buildSync({ entryPoints: ["browser/page.ts"], ...options }).outputFiles[0]?.text ?? "";
}

/** Serves an empty page with the built client, whatever the path, from an origin of its own. */
export class Pages {
  private constructor(private readonly _server: Server) {}

  static async start(): Promise<Pages> {
    const files = new Map([["/page.js", pageScript()]]);
    for (const name of ["index", "shared", "shared_worker"]) {
      files.set(`/${name}.js`, readFileSync(`dist/${name}.js`, "utf8"));
    }
    const server = createServer((request, response) => {
      const script = files.get(request.url ?? "");
      response.setHeader("Content-Type", script ? "text/javascript" : "text/html");
      response.end(script ?? '<!doctype html><title>page</title><script type="module" src="/page.js"></script>');
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return new Pages(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this._server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this._server.closeAllConnections();
    await new Promise((done) => this._server.close(done));
  }
}
