// Opens pages in Chromium and reports, as JSON on standard output, what a reader's browser
// would object to. Called by tests/pages/browser.rs:
//   node check.mjs BASE < jobs.json
// with jobs of the form {"kind": "axe" | "hostile" | "script" | "weight", "path", "width", "scheme"}.
// OFFPRINT_TEST_NODE_MODULES names the folder of the installed packages.

import { createRequire } from "node:module";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const modules = process.env.OFFPRINT_TEST_NODE_MODULES;
const require = createRequire(join(modules, "none.js"));
const puppeteer = require("puppeteer-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const base = process.argv[2];
const jobs = JSON.parse(readFileSync(0, "utf8"));
const profile = mkdtempSync(join(tmpdir(), "offprint-chromium-"));

const browser = await puppeteer.launch({
  executablePath: process.env.OFFPRINT_TEST_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  userDataDir: profile,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
  ],
});

await browser
  .defaultBrowserContext()
  .overridePermissions(base, ["clipboard-read", "clipboard-write", "clipboard-sanitized-write"]);

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Accessibility rules that fail, with the elements concerned. */
const accessibility = async (page) => {
  await page.evaluate(axe);
  const result = await page.evaluate(
    (values) => window.axe.run({ runOnly: { type: "tag", values }, resultTypes: ["violations"] }),
    TAGS,
  );
  const problems = result.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.html} (${node.any[0]?.message ?? ""})`),
  );
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) problems.push(`scrolls sideways by ${wide} pixels`);
  return problems;
};

/** Traces of code, markup or requests that came from a record. */
const hostile = async (page) => {
  // What a script may still wait for: folds that open, pointers, the keyboard.
  await page.evaluate(() => {
    for (const fold of document.querySelectorAll("details")) fold.open = true;
    const events = ["mouseover", "pointerenter", "focus", "toggle", "load", "error", "animationend"];
    for (const element of document.querySelectorAll("*"))
      for (const event of events) element.dispatchEvent(new Event(event, { bubbles: false }));
  });
  await new Promise((done) => setTimeout(done, 20));
  return page.evaluate(() => {
    const problems = [...window.seen.map((violation) => `policy: ${violation}`)];
    if (window.hit !== undefined) problems.push(`code ran: ${window.hit}`);
    const never = "iframe, object, embed, form:not(main > article > form.search), base, style, template, frame, portal, link[rel*=import]";
    for (const element of document.querySelectorAll(never)) problems.push(element.outerHTML);
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (name.startsWith("on") || name === "style" || name === "srcdoc")
          problems.push(`${element.localName} ${name}=${value}`);
        if (["href", "src", "action", "xlink:href"].includes(name)) {
          const { protocol } = new URL(value, location.href);
          if (!["http:", "https:", "mailto:"].includes(protocol))
            problems.push(`${element.localName} ${name}=${value}`);
        }
      }
    }
    for (const script of document.scripts) {
      const own = script.src.startsWith(`${location.origin}/`) && script.text === "";
      if (!own && script.type !== "application/ld+json") problems.push(script.outerHTML);
    }
    return problems;
  });
};

/** What the script of the site adds, where the page has something to add it to. */
const enhanced = async (page) => {
  const problems = [];
  const done = {};
  const expect = (what, holds) => {
    done[what] = true;
    if (!holds) problems.push(what);
  };
  const shown = await page.$$("main button[data-copy]");
  for (const button of shown) {
    if (!(await button.isVisible())) continue;
    await button.click();
    const copied = () => button.evaluate((node) => node.textContent === "Copied");
    for (let wait = 0; wait < 50 && !(await copied()); wait += 1)
      await new Promise((next) => setTimeout(next, 20));
    expect("a copy button says that it copied", await copied());
    const text = await page.evaluate(() => navigator.clipboard.readText());
    expect("the clipboard holds text", text.length > 5);
    break;
  }
  if (await page.$("[data-styles]")) {
    const visible = () =>
      page.$$eval("[data-style]", (all) =>
        all.filter((one) => one.checkVisibility()).map((one) => one.dataset.style),
      );
    expect("one citation style is shown", (await visible()).length === 1);
    const last = await page.$$eval("[data-styles] option", (all) => all.at(-1).value);
    await page.select("[data-styles] select", last);
    expect("the chosen style is shown", (await visible()).join() === last);
  }
  if (await page.$(".files thead button")) {
    const sizes = () =>
      page.$$eval(".files tbody .size", (cells) =>
        cells.map((cell) => Number((cell.querySelector("small") ?? cell).innerText.replace(/\D/g, ""))),
      );
    for (const [state, sign] of [["ascending", 1], ["descending", -1]]) {
      await page.click(".files th.size button");
      const aria = await page.$eval(".files th.size", (head) => head.getAttribute("aria-sort"));
      const list = await sizes();
      const sorted = list.every((size, at) => at === 0 || sign * (size - list[at - 1]) >= 0);
      expect(`files sort ${state}`, aria === state && sorted);
    }
  }
  if (await page.$("[data-guess]")) {
    const link = await page.$eval("[data-guess]", (node) => !node.hidden && node.querySelector("a").pathname);
    expect("the page for what is not there guesses", link === "/records/1001");
  }
  if (Object.keys(done).length === 0) problems.push("there was nothing to try");
  return problems;
};

/** Opens one page and gives what was found, requests included. */
const look = async ({ kind, path, width = 1280, scheme = "light" }, origin = base) => {
  const page = await browser.newPage();
  const problems = [];
  const loads = [];
  page.on("dialog", async (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) problems.push(`request: ${request.url()}`);
  });
  if (kind === "weight") {
    await page.setCacheEnabled(false);
    page.on("requestfinished", (request) => loads.push(request.response()));
  }
  await page.evaluateOnNewDocument(() => {
    window.seen = [];
    addEventListener("securitypolicyviolation", (violation) =>
      window.seen.push(`${violation.effectiveDirective} ${violation.blockedURI}`),
    );
  });
  await page.setViewport({ width, height: width < 600 ? 844 : 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(origin === base ? base + path : path, { waitUntil: "load", timeout: 60_000 });
  if (kind === "axe") problems.push(...(await accessibility(page)));
  if (kind === "script") problems.push(...(await enhanced(page)));
  if (kind === "hostile") problems.push(...(await hostile(page)));
  const title = await page.evaluate(() => document.querySelector("h1")?.textContent.trim() ?? "");
  const weight = { requests: 0, bytes: 0, compressed: 0 };
  for (const response of loads) {
    const body = await response.buffer();
    weight.bytes += body.length;
    weight.compressed += gzipSync(body).length;
    // The icon is for the tab, not for the page; its bytes count all the same.
    weight.requests += response.url().includes("/assets/icon.") ? 0 : 1;
  }
  await page.close();
  return { kind, path, width, scheme, title, ...weight, problems };
};

/** Pages that must be objected to: without this, a check that sees nothing would pass. */
const control = async () => {
  const policy = `<meta http-equiv="Content-Security-Policy" content="script-src 'none'">`;
  const planted = [
    ["hostile", "<img src=data: onerror=alert(1)>", "dialog: 1"],
    ["hostile", "<img src=data: onerror='hit=7'>", "code ran: 7"],
    ["hostile", `${policy}<script>hit=1</script>`, "policy: script-src"],
    ["hostile", "<img src=https://off.example/x>", "request: https://off.example/x"],
    ["hostile", "<a href=javascript:hit()>x</a>", "a href=javascript:"],
    ["hostile", "<p style=color:red>x", "p style="],
    ["axe", "<img src=data:><p>x", "image-alt"],
    ["axe", "<p style='color:#aaa;background:#fff'>faint", "color-contrast"],
    ["axe", "<div style='width:3000px'>x", "scrolls sideways"],
  ];
  const missed = [];
  for (const [kind, markup, expected] of planted) {
    const path = `data:text/html,${encodeURIComponent(`<!doctype html><title>t</title>${markup}`)}`;
    const { problems } = await look({ kind, path }, "data:");
    if (!problems.some((problem) => problem.startsWith(expected))) missed.push(markup);
  }
  return missed;
};

const report = { missed: await control(), pages: [] };
const queue = [...jobs];
const worker = async () => {
  for (let job = queue.shift(); job; job = queue.shift()) {
    // A page that navigates away or hangs is a finding, not the end of the run.
    const lost = (error) => ({ ...job, title: "?", problems: [`lost: ${error.message}`] });
    report.pages.push(await look(job).catch(lost));
  }
};
await Promise.all([worker(), worker(), worker()]);
await browser.close();
rmSync(profile, { recursive: true, force: true });
process.stdout.write(JSON.stringify(report));
