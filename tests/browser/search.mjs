// Uses the search page as readers do and reports, as JSON on standard output, what went wrong and
// what it cost. Called by tests/client.rs:
//   node search.mjs BASE QUERY DOI [FOLDER]
// QUERY finds more than a page of records of several types, DOI one; screenshots go to FOLDER.

import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const modules = process.env.OFFPRINT_TEST_NODE_MODULES;
const require = createRequire(join(modules, "none.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const [base, query, doi, folder] = process.argv.slice(2);
const profile = mkdtempSync(join(tmpdir(), "offprint-chromium-"));
const browser = await puppeteer.launch({
  executablePath: process.env.OFFPRINT_TEST_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  userDataDir: profile,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"],
});

const problems = [];
const costs = {};
const expect = (what, holds, seen) => {
  if (!holds) problems.push(seen === undefined ? what : `${what}: ${JSON.stringify(seen)}`);
};

const open = async ({ width = 1280, scheme = "light", script = true } = {}) => {
  const page = await browser.newPage();
  page.setDefaultTimeout(20_000);
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") problems.push(`console: ${message.text()}`); });
  await page.evaluateOnNewDocument(() => {
    window.seen = [];
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => window.seen.push(`${effectiveDirective} ${blockedURI}`));
  });
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: width < 600 ? 844 : 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  return page;
};

/** Waits until the answer to what is in the address is there, and final. */
const settled = async (page) => {
  await page.waitForFunction(() => {
    const main = document.querySelector("[data-search]");
    return document.querySelector("#heading") && !main.hasAttribute("aria-busy") && !/Refining/.test(document.querySelector(".state")?.textContent ?? "");
  });
};
/** Goes back to an answer with these records. The address changes before the page hears of it. */
const back = async (page, ids) => {
  await page.goBack();
  await page.waitForFunction((ids) => [...document.querySelectorAll(".hits > li")].map((node) => node.dataset.id).join() === ids, {}, ids.join());
  await settled(page);
};
const read = (page) =>
  page.evaluate(() => ({
    heading: document.querySelector("#heading")?.textContent,
    total: Number((document.querySelector("#heading")?.textContent ?? "").replace(/ record.*/, "").replace(/\D/g, "")),
    ids: [...document.querySelectorAll(".hits > li")].map((node) => node.dataset.id),
    address: location.search,
    focus: document.activeElement?.id,
    wide: document.documentElement.scrollWidth - innerWidth,
    cost: JSON.parse(document.querySelector("[data-search]").dataset.cost ?? "{}"),
    transport: document.querySelector("[data-search]").dataset.transport,
  }));
const violations = async (page) => (await page.evaluate(() => window.seen)).forEach((one) => problems.push(`policy: ${one}`));
const picture = async (page, name) => folder && (await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true }));
const accessible = async (page, where) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run({ runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }, resultTypes: ["violations"] }));
  for (const { id, nodes } of violations) for (const { html } of nodes) problems.push(`${where}: ${id}: ${html}`);
};

const page = await open();
await page.goto(`${base}/`);
await page.type("form.search input", query);
await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
await settled(page);
const first = await read(page);
costs.first = first.cost;
expect("the search of the home page finds", first.total > 10 && first.ids.length === 10, first);
expect("words are marked", (await page.$$("mark")).length > 0);
await accessible(page, "results");
await picture(page, "results");

// Filter: the count that was promised, and the focus where it was.
const box = await page.$("fieldset input[name=type]");
const promised = await box.evaluate((node) => Number(node.parentElement.querySelector(".count").textContent.replace(/\D/g, "")));
await box.click();
await page.waitForFunction(() => location.search.includes("type="));
await settled(page);
const filtered = await read(page);
costs.filter = filtered.cost;
expect("a filter keeps as many as it said", filtered.total === promised, [filtered.total, promised]);
expect("the focus stays on the filter", filtered.focus.startsWith("f-type-"), filtered.focus);
expect("a filter costs no postings", filtered.cost.rounds <= 1, filtered.cost);

// Newest first.
await page.select("#sort", "newest");
await page.waitForFunction(() => location.search.includes("sort=newest"));
await settled(page);
const newest = await read(page);
costs.newest = newest.cost;
const years = await page.$$eval(".hits .info", (all) => all.map((one) => Number(/\b(\d{4})\b/.exec(one.innerText)?.[1] ?? 0)));
expect("newest first", years.every((year, at) => at === 0 || year <= years[at - 1]), years);

// The next page, by keyboard, and all the way back.
await page.goto(`${base}/search?q=${encodeURIComponent(query)}`);
await settled(page);
const start = await read(page);
await page.focus('.pager a[rel="next"]');
await page.keyboard.press("Enter");
await page.waitForFunction(() => location.search.includes("page=2"));
await settled(page);
const second = await read(page);
costs.page = second.cost;
expect("the second page has other records", second.ids.length > 0 && second.ids.every((id) => !start.ids.includes(id)), second);
expect("the heading has the focus", second.focus === "heading", second.focus);
await back(page, start.ids);
expect("back leads to the first page", !(await read(page)).address.includes("page=2"));

// While one types.
// Not by three clicks: on a busy machine the way back may still scroll between them.
await page.focus("#q");
await page.$eval("#q", (node) => node.select());
await page.type("#q", query.split(" ")[0], { delay: 20 });
await page.waitForFunction((word) => new URLSearchParams(location.search).get("q") === word, {}, query.split(" ")[0]);
await settled(page);
expect("typing shows results", (await read(page)).ids.length > 0);
await back(page, start.ids);
expect("back restores what was typed", (await page.$eval("#q", (node) => node.value)) === query);

// Keyboard alone: from the field to the first record.
await page.focus("#q");
for (let tab = 0; tab < 12; tab += 1) {
  await page.keyboard.press("Tab");
  if (await page.evaluate(() => document.activeElement?.closest(".hits") !== null)) break;
}
const there = await page.evaluate(() => document.activeElement?.getAttribute("href"));
expect("the first record is a few tabs away", there === `/records/${start.ids[0]}`, there);
await violations(page);
await page.keyboard.press("Enter");
await page.waitForFunction((path) => location.pathname === path, {}, there);
await page.goBack();
await settled(page);

// Nothing, and a slip.
await page.goto(`${base}/search?q=zzqqxxyy`);
await settled(page);
expect("nothing is said to be nothing", (await read(page)).heading === "Nothing found");
await violations(page);

// A DOI alone.
await page.goto(`${base}/search`);
await page.type("#q", doi);
await page.keyboard.press("Enter");
await page.waitForFunction(() => location.pathname.startsWith("/records/"));
expect("a DOI leads to its record", (await page.content()).includes(doi), page.url());

// On a phone, in the dark.
const phone = await open({ width: 390, scheme: "dark" });
await phone.goto(`${base}/search?q=${encodeURIComponent(query)}`);
await settled(phone);
const small = await read(phone);
expect("nothing is wider than a phone", small.wide <= 0, small.wide);
expect("filters are folded on a phone", await phone.$eval("details.facets", (node) => !node.open));
await accessible(phone, "phone");
await picture(phone, "phone");
await phone.click("details.facets summary");
expect("nothing is wider than a phone with filters", (await read(phone)).wide <= 0);
await violations(phone);

// Without script.
const still = await open({ script: false });
await still.goto(`${base}/search`);
const text = await still.$eval("noscript", (node) => node.innerText);
expect("without script the page says what else there is", /browse all records/.test(text) && /bulk data/.test(text), text);
await picture(still, "no-script");

process.stdout.write(JSON.stringify({ problems, costs, transport: first.transport }));
await browser.close();
rmSync(profile, { recursive: true, force: true });
