// A wire that can be cut by hand: what the client gets as its WebSocket or EventSource goes through it. Cut, it ends
// without a goodbye, as when a network goes away, and nothing gets through until it is mended.
import type { ClientOptions } from "@mythos/client";

type SocketClass = NonNullable<ClientOptions["WebSocket"]>;
type SourceClass = NonNullable<ClientOptions["EventSource"]>;

export class Cable {
  isCut = false;
  private readonly _ends = new Set<() => void>();

  /** What runs over it is lost from now on. */
  cut(): void {
    this.isCut = true;
    for (const end of [...this._ends]) end();
  }

  mend(): void {
    this.isCut = false;
  }

  private _carry(fail: () => void): void {
    const end = () => {
      this._ends.delete(end);
      fail();
    };
    this._ends.add(end);
    if (this.isCut) queueMicrotask(end);
  }

  get WebSocket(): SocketClass {
    const cable = this;
    return class extends WebSocket {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        cable._carry(() => {
          const { onclose } = this;
          this.onopen = this.onmessage = this.onclose = null;
          this.close();
          onclose?.call(this, new CloseEvent("close", { code: 1006, reason: "cut" }));
        });
      }
    };
  }

  get EventSource(): SourceClass {
    const cable = this;
    return class extends EventSource {
      constructor(url: string, init?: EventSourceInit) {
        super(url, init);
        cable._carry(() => {
          const { onerror } = this;
          this.onopen = this.onmessage = this.onerror = null;
          this.close();
          onerror?.call(this, new Event("error"));
        });
      }
    };
  }
}
