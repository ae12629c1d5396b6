// Lists put together, over more records than are looked at together, against a look at each record.

import assert from "node:assert/strict";
import test from "node:test";

import { source } from "./source.mjs";

const { Best, Room } = await source("match");

let state = 7;
const roll = (sides) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * sides);
};

/** A tier of which one in `dead` records does not count, if any. */
const tier = (base, records, runs, dead) => ({
  base,
  meta: { records },
  runs: { count: runs, start: Uint32Array.from({ length: runs + 1 }, (_, run) => Math.floor((records * run) / runs)) },
  dead: Uint32Array.from({ length: records }, (_, record) => record).filter((record) => record % dead === 3),
});

/** One in `share` records of a tier, in groups of what they say or by number. */
const list = ({ base, meta }, share, groups) => {
  const all = Array.from({ length: groups }, () => []);
  for (let record = roll(share); record < meta.records; record += 1 + roll(2 * share)) all[roll(groups)].push(record);
  const docs = Uint32Array.from(all.flat());
  const starts = all.map((_, group) => all.slice(0, group).flat().length);
  const of = (at) => starts.findLastIndex((start) => start <= at);
  const says = Uint16Array.from(docs, (_, at) => (groups > 1 ? 60_000 - of(at) * 7000 : 1 + roll(65_535)));
  return { base, docs, says, weight: 1 + roll(4), ...(groups > 1 && { starts }) };
};

const lists = (tiers, share, groups = 1) => tiers.map((tier) => list(tier, share, groups));
const part = (occur, segments) => ({ occur, segments, whole: true });
const holds = (segments, doc) => segments.some(({ base, docs }) => docs.includes(doc - base));
const says = (segments, doc) =>
  segments.map(({ base, docs, says, weight }) => (docs.includes(doc - base) ? (weight * says[docs.indexOf(doc - base)]) / 65536 : 0));

/** What `find` finds, a record at a time. */
const slowly = (tiers, parts, passing, sets, count, wanted) => {
  const byRun = tiers.map(({ runs }) => new Uint32Array(runs.count));
  const found = [];
  const first = [];
  const musts = parts.filter(({ occur }) => occur === "must");
  const listed = new Set(parts.flatMap(({ segments }) => segments.flatMap(({ base, docs }) => [...docs].map((doc) => base + doc))));
  for (const doc of [...listed].sort((a, b) => a - b)) {
    const at = tiers.findLastIndex(({ base }) => base <= doc);
    const record = doc - tiers[at].base;
    const must = musts.length > 0 ? musts : [part("must", parts.filter(({ occur }) => occur === "should").flatMap(({ segments }) => segments))];
    if (tiers[at].dead.includes(record) || parts.some(({ occur, segments }) => occur === "not" && holds(segments, doc))) continue;
    if (![...must.map(({ segments }) => segments), ...sets].every((segments) => holds(segments, doc))) continue;
    const run = tiers[at].runs.start.findLastIndex((start) => start <= record);
    byRun[at][run] += 1;
    if (!passing[at][run]) continue;
    if (first.filter(([where]) => where === `${at} ${run}`).length < wanted) first.push([`${at} ${run}`, doc]);
    let score = 0;
    for (const { occur, segments } of parts) if (occur !== "not") for (const more of says(segments, doc)) score += more;
    found.push([doc, score]);
  }
  const top = [...found].sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, wanted).map(([doc]) => doc);
  const counted = count.map((segments) => found.filter(([doc]) => holds(segments, doc)).length);
  return { top, total: found.length, byRun, counted, first: first.map(([, doc]) => doc) };
};

const tiers = [tier(0, 70_000, 40, 0), tier(70_000, 50_001, 7, 5), tier(120_001, 3, 3, 0)];
const open = tiers.map(({ runs }) => new Uint8Array(runs.count).fill(1));
const some = tiers.map(({ runs }) => Uint8Array.from({ length: runs.count }, () => roll(2)));
const [rare, mid, other, common] = [lists(tiers, 9000), lists(tiers, 300, 5), lists(tiers, 200, 3), lists(tiers, 90, 7)];
const near = [{ ...mid[0], starts: undefined, docs: mid[0].docs.toSorted() }];

for (const [name, parts, sets = [], count = []] of [
  ["one word", [part("should", rare)]],
  ["words", [part("should", mid), part("should", common), part("should", rare)]],
  ["words, of which two must be there", [part("must", mid), part("should", common), part("must", [...other, ...common])]],
  ["a word without another", [part("should", common), part("not", other)]],
  ["words of a set, by two others", [part("must", [...mid, ...other]), part("should", rare)], [[...mid, ...common]], [rare, other]],
  ["records without a score", [part("must", near.map((segment) => ({ ...segment, weight: 0 })))]],
  ["nothing", []],
]) {
  test(name, () => {
    const room = new Room(tiers);
    for (const passing of [open, some]) {
      const { first, ...want } = slowly(tiers, parts, passing, sets, count, 12);
      assert.deepEqual(room.find(parts, passing, sets, count, 12), want);
      assert.deepEqual(room.find(parts, passing, sets, count, 12, (docs) => docs).top, first);
    }
  });
}

test("records that all lists have", () => {
  const room = new Room(tiers);
  for (const [all, more] of [[[mid, common], [rare, other]], [[rare, other], []], [[near, common], [mid]], [[rare], [mid]]]) {
    const [{ base, docs, says: sums, weight }] = room.gather(all, more);
    const listed = Array.from({ length: 120_004 }, (_, doc) => doc).filter((doc) => all.every((segments) => holds(segments, doc)));
    assert.deepEqual([...docs].map((doc) => base + doc), listed);
    const sum = (doc) => [...all, ...more].flatMap((segments) => says(segments, doc)).reduce((sum, more) => sum + more, 0);
    listed.forEach((doc, at) => assert.ok(Math.abs((sums[at] * weight) / 65536 - sum(doc)) < 1e-9, `${doc}`));
  }
  assert.deepEqual(room.gather([], [mid]), []);
});

test("the best are those with the greatest keys, the first of equal ones", () => {
  for (const limit of [1, 3, 50]) {
    const best = new Best(limit);
    const keys = Array.from({ length: 40 }, () => roll(9));
    keys.forEach((key, doc) => best.offer(doc, key));
    const order = keys.map((_, doc) => doc).sort((a, b) => keys[b] - keys[a] || a - b);
    assert.deepEqual(best.docs, order.slice(0, limit));
    assert.equal(best.least, limit > 40 ? -Infinity : keys[order[limit - 1]]);
  }
});
