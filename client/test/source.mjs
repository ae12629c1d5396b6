// The client's modules, for Node.

import { createRequire } from "node:module";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.env.OFFPRINT_CLIENT_NODE_MODULES ?? join(here, "../node_modules");
const esbuild = createRequire(join(modules, "none.js"))("esbuild");

export const source = async (name) => {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(here, `../src/${name}.ts`)], bundle: true, format: "esm", target: "es2022", write: false, tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  });
  const folder = mkdtempSync(join(tmpdir(), "offprint-client-"));
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, outputFiles[0].text);
  const module = await import(file);
  rmSync(folder, { recursive: true });
  return module;
};
