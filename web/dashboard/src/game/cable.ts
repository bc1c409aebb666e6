// A wire that can be cut by hand: what the client gets as its WebSocket or EventSource goes through it. Cut, it ends
// without a goodbye, as when a network goes away, and nothing is opened until it is mended.
import type { ClientOptions } from "@mythos/client";

type SocketClass = NonNullable<ClientOptions["WebSocket"]>;
type SourceClass = NonNullable<ClientOptions["EventSource"]>;

/** What both kinds of connection have. */
interface Link {
  onopen: unknown;
  onmessage: unknown;
  onclose?: unknown;
  onerror: unknown;
  close(): void;
}

const nowhere = (): Link & { send(): void } => ({
  onopen: null,
  onmessage: null,
  onclose: null,
  onerror: null,
  send() {},
  close() {},
});

export class Cable {
  isCut = false;
  private readonly _open = new Set<Link>();

  /** What runs over it is lost from now on. */
  cut(): void {
    this.isCut = true;
    for (const link of [...this._open]) this._end(link);
  }

  mend(): void {
    this.isCut = false;
  }

  private _end(link: Link): void {
    this._open.delete(link);
    const { onclose, onerror } = link;
    link.onopen = link.onmessage = link.onerror = null;
    if ("onclose" in link) link.onclose = null;
    link.close();
    if (typeof onclose === "function") onclose({ code: 1006, reason: "cut" });
    else if (typeof onerror === "function") onerror();
  }

  private _carry<Class extends SocketClass | SourceClass>(kind: Class): Class {
    return new Proxy(kind, {
      construct: (target, given) => {
        const link = this.isCut ? nowhere() : (Reflect.construct(target, given) as Link);
        if (this.isCut) queueMicrotask(() => this._end(link));
        else this._open.add(link);
        return link;
      },
    });
  }

  get WebSocket(): SocketClass {
    return this._carry(WebSocket as unknown as SocketClass);
  }

  get EventSource(): SourceClass {
    return this._carry(EventSource);
  }
}
