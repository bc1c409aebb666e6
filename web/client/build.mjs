// Builds dist/: the main entry, the sharing of one client by many tabs, and its worker. The latter two import the first.
import { rmSync } from "node:fs";
import { build } from "esbuild";

rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/index.ts", "src/shared.ts", "src/shared_worker.ts"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  sourcemap: true,
  outdir: "dist",
  external: ["./index.js"],
  mangleProps: /^_/,
});
