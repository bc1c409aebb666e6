// React over the client of Mythos.
export type { Wire } from "@mythos/client";
