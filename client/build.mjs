// Builds templates/assets/search*.js from client/src. `--check` compares instead of writing.
// OFFPRINT_CLIENT_NODE_MODULES names the folder of the packages, if it is not beside this file.

import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.env.OFFPRINT_CLIENT_NODE_MODULES ?? join(here, "node_modules");
const esbuild = createRequire(join(modules, "none.js"))("esbuild");
const check = process.argv.includes("--check");
// Members of the worker's own values that get short names: none of a file of the index or of a message.
const OWN = /^(?:ats|base|beginning|block|byRun|asked|both|candidates|codes|counts|docs|early|ends|entry|expanded|facet|file|files|first|gamma|gather|have|isDead|idf|joined|kept|key|known|late|least|left|likely|list|live|loading|long|meta|most|name|near|newest|occur|offer|offset|part|parts|passing|pieces|place|places|position|postings|prefixes|print|ranges|row|run|runs|says|section|segments|shown|start|starts|stems|stream|suggest|tier|told|top|two|unknown|value|wanted|weight|whole|window|word|years)$/;

for (const [source, built] of [["page", "search"], ["worker", "search-worker"]]) {
  const file = join(here, "../templates/assets", `${built}.js`);
  const { outputFiles } = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [`src/${source}.ts`],
    bundle: true,
    minify: true,
    ...(source === "worker" && { mangleProps: OWN }),
    // A worker that is no module runs in more browsers.
    format: source === "worker" ? "iife" : "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    // Fields are set where the class is made, not declared too.
    tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
    banner: { js: "// Made from client/." },
    write: false,
  });
  const text = outputFiles[0].text;
  if (!check) writeFileSync(file, text);
  else if (readFileSync(file, "utf8") !== text) {
    console.error(`templates/assets/${built}.js is not what client/build.mjs makes of client/src`);
    process.exitCode = 1;
  }
}
