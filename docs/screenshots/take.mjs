// Takes the pictures: node take.mjs BASE, called by ./take.

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(join(process.env.OFFPRINT_TEST_NODE_MODULES, "none.js"));
const puppeteer = require("puppeteer-core");
const here = dirname(fileURLToPath(import.meta.url));

const pictures = [
  ["home", "/", 1280, 860, "light"],
  ["landing", "/records/1001", 1280, 1000, "light"],
  ["landing-dark", "/records/1004", 1280, 1000, "dark"],
  ["landing-rtl", "/records/1022", 1280, 700, "light"],
  ["landing-cjk", "/records/1024", 1280, 700, "light"],
  ["landing-phone", "/records/1001", 390, 844, "light"],
  ["dumps", "/dumps/", 1280, 1000, "light"],
];

const browser = await puppeteer.launch({
  executablePath: process.env.OFFPRINT_TEST_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
  ],
});
for (const [name, path, width, height, scheme] of pictures) {
  const page = await browser.newPage();
  await page.setViewport({ width, height, deviceScaleFactor: width < 600 ? 2 : 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(process.argv[2] + path, { waitUntil: "load" });
  await page.screenshot({ path: join(here, `${name}.webp`), type: "webp", quality: 82 });
  await page.close();
}
await browser.close();
