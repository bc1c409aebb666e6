// A WebSocket client by the npm package `ws`. Usage: ws_client.mjs URL COUNT [CHANNEL]
// Subscribes to CHANNEL if one is given, prints each message as a line, and ends after COUNT entries.
import WebSocket from "ws";

const [url, count, channel] = process.argv.slice(2);
let entries = 0;
const socket = new WebSocket(url, ["mythos.v1"]);

socket.on("open", () => {
  if (channel) socket.send(JSON.stringify({ id: "c-1", type: "subscribe", data: { channel } }));
});
socket.on("message", (data, isBinary) => {
  const text = data.toString();
  console.log(isBinary ? JSON.stringify({ binary: true }) : text);
  if ("id" in JSON.parse(text) && ++entries === Number(count)) socket.close(1000, "done");
});
socket.on("close", (code) => console.log(JSON.stringify({ type: "closed", code })));
socket.on("error", (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
