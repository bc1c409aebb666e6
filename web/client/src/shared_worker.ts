// The SharedWorker's script: one client for each server and player that tabs ask for.
import { Client } from "./index.js";
import type { Ask } from "./shared.js";
import { TabHub } from "./tab_hub.js";

const hubs = new Map<string, TabHub>();

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  let hub: TabHub | undefined;
  if (!port) return;
  port.onmessage = ({ data: ask }: MessageEvent<Ask>) => {
    if ("hello" in ask) {
      const { hello, url, player, options } = ask;
      const key = `${url} ${player}`;
      hub = hubs.get(key);
      if (!hub) {
        const { clientId, sessionId, cursor } = hello;
        const resume = clientId && sessionId && cursor ? { clientId, sessionId, cursor } : {};
        hub = new TabHub(new Client(url, player, { ...options, ...resume }), () => hubs.delete(key));
        hubs.set(key, hub);
      }
      hub.join(port, hello);
    } else if ("call" in ask) {
      hub?.call(port, ask);
    } else {
      hub?.leave(port);
    }
  };
});
