// An EventSource by the npm package `eventsource`, which follows the WHATWG rules. Usage: eventsource_client.mjs URL COUNT
// Prints each message as a line, with the last event id and the times the stream was opened; ends after COUNT entries,
// or when `mythos.closed` says not to come back.
import { EventSource } from "eventsource";

const [url, count] = process.argv.slice(2);
let entries = 0;
let opened = 0;
const source = new EventSource(url);

source.onopen = () => {
  opened += 1;
};
source.onmessage = (event) => {
  const message = JSON.parse(event.data);
  console.log(JSON.stringify({ lastEventId: event.lastEventId, opened, message }));
  if ("id" in message) entries += 1;
  if (entries === Number(count) || message.type === "mythos.closed") source.close();
};
source.onerror = (event) => {
  if (source.readyState === EventSource.CLOSED) {
    console.log(JSON.stringify({ stopped: event.code ?? null, opened }));
  }
};
