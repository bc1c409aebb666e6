// The client of Mythos for browsers, node and workers: one ordered stream over two wires.
export { Client, type ClientOptions } from "./client.js";
export { Commands, type Target, type WireState } from "./commands.js";
export type { Entry, Gap, Mode, Tiding, Wire, WireStatus } from "./core/config.js";
export { MythosError } from "./errors.js";
