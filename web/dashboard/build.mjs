// Builds the pages:  node build.mjs OUT_DIR
// OUT_DIR gets each file as the server serves it, and gzipped. The same sources give the same bytes.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
if (!out) {
  console.error("usage: node build.mjs OUT_DIR");
  process.exit(2);
}

const { outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: { dashboard: "src/main.tsx", game: "src/game/main.tsx" },
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  conditions: ["source"],
  alias: { "@mythos/client": resolve(here, "../client/src/index.ts") },
  legalComments: "none",
  outdir: resolve(out),
  write: false,
  logLevel: "warning",
});

mkdirSync(out, { recursive: true });
const names = outputFiles.map(({ path, contents }) => {
  writeFileSync(join(out, basename(path)), contents);
  return basename(path);
});
for (const name of ["index.html", "game.html", "icon.svg"]) {
  copyFileSync(join(here, "pages", name), join(out, name));
  names.push(name);
}
for (const name of names) writeFileSync(join(out, `${name}.gz`), gzipSync(readFileSync(join(out, name)), { level: 9 }));
