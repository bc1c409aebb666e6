// Builds dist/: the main entry, and what stands beside it and imports it: going on after a reload, the sharing of one
// client by many tabs, and its worker.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { build } from "esbuild";
import { minify } from "terser";

// Names that do not leave a bundle are shortened: those that begin with _, and those of the state machine, which are
// no names of the protocol, of the public API or of a browser. The tests run on what comes out.
const INTERNAL = `
  acks ackEntries alone applied appliedSeq asked attach awaits carrier carrierLost carries commandId commandsOpen
  commandsQueuedMax commandRetriesMax commandWindow completeUpTo connectTimeoutMs connectionId covers deadline decide
  detach due errorCode errorMessage firstAttempt firstCommand flush forHeartbeat giveUp hasten healthy heard heardSince
  heartbeatMs held heldBytesMax heldEntriesMax holdOffUntil httpStatus isBased isCurrent live malformed missed notBefore
  numbers openAt opened opening overflowed phase place postAnswered postCommandsMax postFailures postId reportDelay
  retries retryAfterMs sendCommand sends seq setEpoch standby startAt takeOutputs tick unknownTypes wake welcomeCursor
`;

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/index.ts", "src/resume.ts", "src/shared.ts", "src/shared_worker.ts"],
  bundle: true,
  format: "esm",
  target: "es2022",
  outdir: "dist",
  external: ["./index.js"],
  mangleProps: new RegExp(`^(_.*|${INTERNAL.trim().split(/\s+/).join("|")})$`),
});
for (const name of ["index", "resume", "shared", "shared_worker"]) {
  const compress = { passes: 3, ecma: 2022, unsafe_arrows: true, hoist_props: true };
  const { code } = await minify(readFileSync(`dist/${name}.js`, "utf8"), { module: true, compress });
  writeFileSync(`dist/${name}.js`, code ?? "");
}
