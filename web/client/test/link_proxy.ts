// A TCP proxy that stands between a client and the server and harms single links; the tests' twin of
// tests/functional/link_proxy.py.

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export type Kind = "websocket" | "sse" | "other";

interface Link {
  kind: Kind;
  ends: [Socket, Socket];
}

function kindOf(request: Buffer): Kind {
  const head = request.toString("latin1", 0, 20);
  if (/^GET \/(ws\/|api\/ws)/.test(head)) return "websocket";
  return /^GET \/(sse\/|api\/events)/.test(head) ? "sse" : "other";
}

export class LinkProxy {
  /** Kinds that are refused for now, by a reset. */
  readonly refused = new Set<Kind>();
  /** How many links of a kind there have been. */
  readonly accepted: Record<Kind, number> = { websocket: 0, sse: 0, other: 0 };
  private readonly _links = new Set<Link>();
  private readonly _accepted = new Set<Socket>();

  private constructor(private readonly _server: Server) {}

  static async start(port: number): Promise<LinkProxy> {
    const server = createServer((client) => proxy._accept(client, port));
    const proxy = new LinkProxy(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return proxy;
  }

  get port(): number {
    return (this._server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  count(kind: Kind): number {
    return [...this._links].filter((link) => link.kind === kind).length;
  }

  /** Both sides see a reset, and what was on its way is gone. How many links that were. */
  cut(kind: Kind): number {
    return this._each(kind, ({ ends }) => {
      for (const end of ends) end.resetAndDestroy();
    });
  }

  /** Nothing passes any more in either direction, and neither side is told. */
  blackHole(kind: Kind): number {
    return this._each(kind, ({ ends }) => {
      for (const end of ends) end.removeAllListeners("data").pause();
    });
  }

  async stop(): Promise<void> {
    for (const client of this._accepted) client.destroy();
    await new Promise((done) => this._server.close(done));
  }

  private _each(kind: Kind, harm: (link: Link) => void): number {
    const links = [...this._links].filter((link) => link.kind === kind);
    links.forEach(harm);
    return links.length;
  }

  private _accept(client: Socket, port: number): void {
    this._accepted.add(client);
    client.on("close", () => this._accepted.delete(client));
    client.on("error", () => {});
    client.once("data", (head) => {
      const kind = kindOf(head);
      ++this.accepted[kind];
      if (this.refused.has(kind)) return client.resetAndDestroy();
      const server = connect(port, "127.0.0.1");
      const link: Link = { kind, ends: [client, server] };
      this._links.add(link);
      server.write(head);
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        from.setNoDelay(true);
        from.on("error", () => {});
        from.on("data", (chunk: Buffer) => {
          // A connection that is kept for the next request may become an event stream.
          if (from === client && link.kind === "other") link.kind = kindOf(chunk);
          if (this.refused.has(link.kind)) return void from.resetAndDestroy();
          to.write(chunk);
        });
        from.on("close", () => {
          this._links.delete(link);
          to.destroySoon();
        });
      }
    });
  }
}
