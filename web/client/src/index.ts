// The client of Mythos for browsers, node and workers: one ordered stream over two wires.
export type Wire = "websocket" | "sse";
