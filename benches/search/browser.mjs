// What a question costs in Chromium once its bytes are there:
//   node browser.mjs OFFPRINT ROOT < QUERIES
// QUERIES is what `offprint bench search RECORDS` prints, ROOT the web root it was asked of. Every
// query is asked of the page's own worker until no bytes are asked for, which the worker keeps; the
// time is that of the last asking, from question to answer. Needs OFFPRINT_TEST_NODE_MODULES (with puppeteer-core).

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const [offprint, root] = process.argv.slice(2);
const require = createRequire(resolve(process.env.OFFPRINT_TEST_NODE_MODULES, "none.js"));
const puppeteer = require("puppeteer-core");
const classes = readFileSync(0, "utf8").trim().split("\n").map((line) => JSON.parse(line));

const server = spawn(offprint, ["serve", root, "--addr", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
const base = await new Promise((found, failed) => {
  let said = "";
  const hear = (bytes) => {
    said += bytes;
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said);
    if (url) found(url[0]);
  };
  server.stdout.on("data", hear);
  server.stderr.on("data", hear);
  server.on("exit", () => failed(new Error(said)));
});
const profile = mkdtempSync(join(tmpdir(), "offprint-chromium-"));
const browser = await puppeteer.launch({
  executablePath: process.env.OFFPRINT_TEST_CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  userDataDir: profile,
  protocolTimeout: 600_000,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});

/** Runs in the page: times of the first and the final answer to each query. */
const measured = (queries, newest) => new Promise((done, failed) => {
  window.asked ??= 0;
  const { worker } = window;
  const times = [];
  let at = 0, begun = 0, first = 0, requests = 0;
  const ask = () => {
    if (at === queries.length) return done(times);
    first = requests = 0;
    window.asked += 1;
    begun = performance.now();
    worker.postMessage({
      kind: "ask", id: window.asked, quick: false, q: queries[at], filters: {}, from: undefined, to: undefined,
      all: false, sort: newest ? "newest" : "relevance", page: 1,
    });
  };
  worker.onmessage = ({ data }) => {
    if (data.kind === "failed") return failed(new Error(data.message));
    // A suggestion follows an answer that stands already.
    if (data.kind !== "answer" || data.id !== window.asked || data.suggestion !== undefined) return;
    const time = performance.now() - begun;
    first ||= time;
    requests += data.cost.requests;
    if (data.refining) return;
    if (requests === 0) {
      times.push({ first, final: time });
      at += 1;
    }
    ask();
  };
  ask();
});

const share = (times, part) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * part))];
try {
  const page = await browser.newPage();
  await page.goto(`${base}/search`);
  await page.evaluate((root) => new Promise((done, failed) => {
    window.worker = new Worker(document.querySelector("[data-worker]").dataset.worker);
    window.worker.onmessage = ({ data }) => (data.kind === "open" ? done() : failed(new Error(data.message)));
    window.worker.postMessage({ kind: "open", root });
  }), base);
  console.log(`${"class".padEnd(22)} ${"first, ms: median".padStart(18)} ${"p95".padStart(7)} ${"final: median".padStart(14)} ${"p95".padStart(7)}`);
  const all = { first: [], final: [] };
  for (const { class: name, queries } of classes) {
    const times = await page.evaluate(measured, queries, name.endsWith("newest"));
    const of = (stage) => times.map((time) => time[stage]);
    all.first.push(...of("first"));
    all.final.push(...of("final"));
    const shown = [share(of("first"), 0.5), share(of("first"), 0.95), share(of("final"), 0.5), share(of("final"), 0.95)];
    console.log(name.padEnd(22), ...[18, 7, 14, 7].map((width, i) => shown[i].toFixed(1).padStart(width)));
  }
  for (const stage of ["first", "final"]) console.log(`all, ${stage}: p95 ${share(all[stage], 0.95).toFixed(1)} ms, must 50, aim 20`);
} finally {
  await browser.close();
  server.kill();
  rmSync(profile, { recursive: true, force: true });
}
