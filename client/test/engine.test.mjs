// The engine on an index written here, against a search that looks at every record.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";

import { host } from "./host.mjs";
import { source } from "./source.mjs";
import { worth, writePointer, writeTier } from "./write.mjs";

const { Engine } = await source("engine");
const PACK = 40_960;

let state = 42;
const roll = (sides) => {
  state = (Math.imul(state, 1103515245) + 12345) >>> 0;
  return Math.floor((state / 2 ** 32) * sides);
};

const TYPES = ["dataset", "publication-article", "software"];
const LICENCES = ["", "cc-by-4.0"];
/** Words and how many of 1000 records have them. */
const WORDS = [["ocean", 900], ["wave", 820], ["climat", 300], ["ice", 40], ["glacier", 8], ["polar", 2], ["中文", 30]];

const corpus = (size, first) => {
  const records = Array.from({ length: size }, () => ({
    type: TYPES[roll(3)], access: roll(4) === 0 ? "restricted" : "open", licence: LICENCES[roll(2)], year: 2018 + roll(4), day: roll(365), keys: {},
  }));
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  records.sort((a, b) => order(a.type, b.type) || order(a.access, b.access) || order(a.licence, b.licence) || b.year - a.year || b.day - a.day);
  records.forEach((record, at) => {
    record.id = `${first + at}`;
    for (const [word, share] of WORDS) if (roll(1000) < share) record.keys[word] = roll(256);
    if (roll(5) === 0) record.keys["c:zoo"] = 255;
    const month = Math.floor(record.day / 31);
    record.date = `${record.year}-${String(month + 1).padStart(2, "0")}-${String((record.day % 31) + 1).padStart(2, "0")}`;
    const phrase = roll(40) === 0 && record.keys.ice !== undefined && record.keys.climat !== undefined;
    if (phrase && roll(2) === 0) record.keys["p:climat ice"] = 255;
    if (at % 5 === 0 && "wave" in record.keys && "climat" in record.keys) record.keys["p:wave climat"] = 255;
    record.text = phrase ? "About climate ice <b>and</b> more" : "About ice in a climate";
    record.card = [record.id, record.date, "Ada; Bob", roll(2) === 0 ? "" : "3", `Record ${record.id}`, record.text, ""];
  });
  return records;
};

const tiers = [corpus(10_000, 0), corpus(90, 20_000)];
const older = corpus(20, 30_000);
const dead = [3, 4, 9999];
// A community of a later tier alone.
tiers[1].find(({ keys, type }) => keys.ice !== undefined && type !== "software").keys["c:new"] = 255;
// A phrase that is a key of both tiers, and one that only the card of its record shows.
const paired = tiers[1].find(({ keys }) => "ice" in keys);
Object.assign(paired.keys, { climat: 200, "p:climat ice": 255 });
paired.card[5] = "About climate ice too";
const shown = tiers[0].find(({ keys }, at) => "glacier" in keys && "ocean" in keys && !dead.includes(at));
shown.card[5] = "About glacier ocean, seen here";
// One that is a key of the later tier alone, and that a card of the other shows.
const [much, little] = [tiers[0][100], tiers[1].find(({ keys }) => !("ice" in keys))];
Object.assign(much.keys, { polar: 255, ocean: 255 });
much.card[5] = "About polar ocean";
Object.assign(little.keys, { polar: 1, ocean: 1, "p:polar ocean": 255 });
const words = [["climate", 300, "climat"], ["climax", 5, "climax"], ["glacier", 50, "glacier"], ["glaciers", 3, "glacier"], ["ice", 240, "ice"], ["ocean", 9000, "ocean"], ["polar", 2, "polar"], ["中文", 30, "中文"]];
const folders = [];
const folder = () => {
  folders.push(mkdtempSync(join(tmpdir(), "offprint-search-")));
  return folders.at(-1);
};
test.after(() => folders.forEach((path) => rmSync(path, { recursive: true })));
const root = folder();
const write = (name, records, more) =>
  writeTier(root, { name, records, words, pack: PACK, days: records.map(({ day }) => day), communities: [["zoo", "The Zoo", 100]], ...more });
const metas = [write("base", tiers[0], { dead }), write("day", tiers[1], { seed: 9, buckets: 1, communities: [["zoo", "The Zoo", 9], ["new", "The New", 1]] }), write("old", older, { older: true })];
writePointer(root, metas, PACK);
/** The same tiers, of which one has another key in the entry of a word. */
const sharing = folder();
/** A record with a pair one of whose words it lacks. */
const strange = tiers[0].find(({ keys }) => !("polar" in keys));
const others = tiers[0].map((record) => (record === strange ? { ...record, keys: { ...record.keys, "p:polar glacier": 255 } } : record));
writePointer(sharing, [writeTier(sharing, { name: "base", records: others, words, pack: PACK, dead, shared: ["ice"] })], PACK);
/** The same tiers, as if all text had pairs. */
const everyPair = folder();
cpSync(root, everyPair, { recursive: true });
writePointer(everyPair, metas.map((meta) => ({ ...meta, phrases: "text" })), PACK);

const says = (key, level) => (/^[pscdof]:/.test(key) ? 65535 : worth(level));

/** Scores of records by keys, looking at each. */
const oracle = (keys, { must = [], not = [], keep = () => true, from = tiers, gone = dead } = {}) => {
  const all = from.flatMap((records, tier) => records.map((record, at) => ({ ...record, dead: tier === 0 && gone.includes(at) })));
  const live = all.filter((record) => !record.dead);
  const idf = Object.fromEntries([...keys, ...must].map((key) => {
    const df = live.filter((record) => record.keys[key] !== undefined).length;
    return [key, Math.log(1 + (live.length - df + 0.5) / (df + 0.5))];
  }));
  return all
    .map((record, number) => ({
      record, number,
      score: [...must, ...keys].reduce((sum, key) => sum + (record.keys[key] === undefined ? 0 : (idf[key] * says(key, record.keys[key])) / 65536), 0),
    }))
    .filter(({ record, score }) => !record.dead && score > 0 && must.every((key) => key in record.keys) && !not.some((key) => key in record.keys) && keep(record))
    .sort((a, b) => b.score - a.score || a.number - b.number);
};

const question = (q, more = {}) => ({ q, filters: {}, from: undefined, to: undefined, all: false, sort: "relevance", page: 1, ...more });
const ask = async (engine, q, more) => {
  const answers = [];
  for await (const answer of engine.answer(question(q, more), () => true, false)) answers.push(answer);
  return answers;
};
const last = (answers) => answers[answers.length - 1];
const ids = ({ hits }) => hits.map(({ id }) => id);
const best = (found, page = 1) => found.slice((page - 1) * 10, page * 10).map(({ record }) => record.id);

const servers = [];
test.after(() => Promise.all(servers.map((server) => server.close())));

const opened = async (kind = "ranges", at = root, kept = undefined) => {
  const server = await host(at, kind);
  servers.push(server);
  const engine = new Engine(server.url, kept);
  await engine.open();
  return { server, engine };
};

test("records that no longer count are not counted", async () => {
  const { engine } = await opened();
  assert.equal(engine.records, tiers.flat().length - dead.length);
});

test("final answers are those of a search that looks at every record", async () => {
  // The second keeps next to nothing from question to question.
  const engines = [await opened(), await opened("ranges", root, 1)];
  const cases = [
    ["polar", {}, oracle(["polar"])],
    ["glaciers", {}, oracle(["glacier"])],
    ["ocean", {}, oracle(["ocean"])],
    ["ocean wave", {}, oracle(["ocean", "wave"])],
    ["climate ocean ice", { page: 3 }, oracle(["climat", "ocean", "ice"])],
    ["+ice ocean", {}, oracle(["ocean"], { must: ["ice"] })],
    ["ice AND climate", {}, oracle([], { must: ["ice", "climat"] })],
    ["ocean -wave NOT ice", {}, oracle(["ocean"], { not: ["wave", "ice"] })],
    ["ice type:publication", {}, oracle(["ice"], { keep: ({ type }) => type === "publication-article" })],
    ["ice -license:cc-by-4.0", {}, oracle(["ice"], { keep: ({ licence }) => licence === "" })],
    ["ice year:2019-2020", {}, oracle(["ice"], { keep: ({ year }) => year === 2019 || year === 2020 })],
    ["ice", { from: 2020 }, oracle(["ice"], { keep: ({ year }) => year >= 2020 })],
    ["ice", { filters: { type: ["software", "dataset"], access: ["open"] } }, oracle(["ice"], { keep: ({ type, access }) => type !== "publication-article" && access === "open" })],
    ["ice", { filters: { community: ["zoo"] } }, oracle(["ice"], { keep: ({ keys }) => "c:zoo" in keys })],
    ["communities:ZOO", {}, oracle(["c:zoo"])],
    ["中文", {}, oracle(["中文"])],
    ["nothinglikethis", {}, []],
  ];
  for (const [{ engine }, [q, more, expected]] of engines.flatMap((one) => cases.map((asked) => [one, asked]))) {
    const answer = last(await ask(engine, q, more));
    assert.deepEqual(ids(answer), best(expected, more.page), q);
    assert.equal(answer.total, expected.length, q);
    assert.equal(answer.exact, true, q);
    const counts = new Map();
    for (const { record } of expected) counts.set(String(record.year), (counts.get(String(record.year)) ?? 0) + 1);
    if (more.from === undefined) assert.deepEqual(new Map(answer.facets.year.map(({ id, count }) => [id, count])), counts, q);
  }
});

test("what is chosen does not empty its own facet", async () => {
  const { engine } = await opened();
  const answer = last(await ask(engine, "ice", { filters: { type: ["software"] } }));
  const types = Object.fromEntries(answer.facets.type.map(({ id, count }) => [id, count]));
  for (const type of TYPES) assert.equal(types[type], oracle(["ice"], { keep: (record) => record.type === type }).length);
  assert.equal(answer.facets.access.reduce((sum, { count }) => sum + count, 0), answer.total);
  assert.deepEqual(answer.facets.community.map(({ label }) => label), ["The Zoo"]);
  const all = last(await ask(engine, "ice"));
  assert.deepEqual(all.facets.community.map(({ label }) => label), ["The Zoo", "The New"]);
});

test("newest first is by date, with and without words", async () => {
  const { engine } = await opened();
  const newest = (found) => found.sort((a, b) => (a.record.date < b.record.date ? 1 : a.record.date > b.record.date ? -1 : a.number - b.number));
  for (const page of [1, 2, 5]) {
    const answer = last(await ask(engine, "ice", { sort: "newest", page }));
    assert.deepEqual(ids(answer), best(newest(oracle(["ice"])), page), `page ${page}`);
    const all = last(await ask(engine, "type:dataset", { page }));
    const expected = newest(tiers.flat().map((record, number) => ({ record, number })).filter(({ record, number }) => record.type === "dataset" && !dead.includes(number)));
    assert.deepEqual(ids(all).map(String), best(expected, page), `page ${page}`);
    assert.equal(all.total, expected.length);
  }
});

test("pairs that are keys tell where a phrase is", async () => {
  const expected = oracle(["climat", "ice"], { keep: ({ keys }) => "p:climat ice" in keys });
  assert.ok(expected.length > 1);
  for (const place of [root, everyPair]) {
    const { engine } = await opened("ranges", place);
    const answer = last(await ask(engine, '"climate ice"'));
    assert.deepEqual(ids(answer), best(expected));
    assert.deepEqual([answer.total, answer.exact, answer.notes], [expected.length, true, []]);
    assert.ok(answer.hits.some(({ snippet }) => snippet.some(([text, marked]) => marked && text === "climate")));
    for (const hit of answer.hits) assert.match(hit.snippet.map(([text]) => text).join(""), /climate ice/);
  }
});

test("places of a pair are told by the list of its rarer word, and by no list that is shared", async () => {
  const common = oracle(["wave", "climat"], { keep: ({ keys }) => "p:wave climat" in keys });
  const own = common.filter(({ number }) => number < tiers[0].length);
  assert.ok(own.length > 128);
  const long = last(await ask((await opened()).engine, '"wave climate"'));
  assert.deepEqual([long.total, long.exact, ids(long)], [common.length, true, best(common)]);
  // Where the list cannot be told, the phrase is found on cards.
  const { engine } = await opened("ranges", sharing);
  assert.equal(last(await ask(engine, '"wave climate"')).total, own.length);
  // Nor is the entry of another pair one of this.
  const other = last(await ask(engine, '"polar glacier"'));
  assert.deepEqual([other.total, other.notes.length], [0, 1]);
  const rare = last(await ask(engine, '"climate ice"'));
  assert.equal(rare.notes.length, 1);
  assert.ok(rare.hits.length > 0 && rare.hits.every(({ snippet }) => /climate ice/.test(snippet.map(([text]) => text).join(""))));
});

test("words of fields, and pairs, are told by places in a list that is in groups", async () => {
  const records = corpus(9_000, 200_000);
  records.forEach((record, at) => {
    record.keys = { wave: roll(256), climat: roll(256) };
    if (at % 7 === 0) Object.assign(record.keys, { "t:wave": roll(256), "k:wave": roll(256), "n:waves": roll(256), "p:wave climat": 255 });
  });
  const place = (more) => {
    const folded = folder();
    writePointer(folded, [writeTier(folded, { name: "base", records, words, pack: PACK, ...more })], PACK);
    return folded;
  };
  const told = async (root, q) => last(await ask((await opened("ranges", root)).engine, q));
  const own = place({});
  for (const [q, key] of [["title:wave", "t:wave"], ["keywords:wave", "k:wave"], ["creators:waves", "n:waves"]]) {
    const expected = oracle([key], { from: [records], gone: [] });
    const { total, exact, ...answer } = await told(own, q);
    assert.deepEqual([total, exact, ids(answer)], [1286, true, best(expected)], q);
    // By a list that is of other keys too nothing is told.
    assert.equal((await told(place({ shared: ["wave"] }), q)).total, 0, q);
  }
  const expected = oracle(["wave", "climat"], { from: [records], gone: [], keep: ({ keys }) => "p:wave climat" in keys });
  const { total, exact, ...answer } = await told(own, '"wave climate"');
  assert.deepEqual([total, exact, ids(answer)], [1286, true, best(expected)]);
});

test("three words in a row tell a phrase where they are a key", async () => {
  const records = corpus(600, 90_000);
  records.forEach((record, at) => {
    record.keys = Object.fromEntries(["ocean", "wave", "climat", "ice"].map((word) => [word, roll(256)]));
    const rows = { "p:wave climat": 2, "p:climat ice": 3, "p:wave climat ice": 30, "p:ocean wave": 4 };
    for (const [key, every] of Object.entries(rows)) if (at % every === 0) record.keys[key] = 255;
  });
  const told = async (q, every, more = {}) => {
    const place = folder();
    writePointer(place, [writeTier(place, { name: "base", records, words, pack: PACK, buckets: 50, ...more })], PACK);
    const { engine } = await opened("ranges", place);
    const expected = oracle(["wave", "climat", "ice", ...(q.startsWith('"ocean') ? ["ocean"] : [])], { from: [records], gone: [], keep: ({ id }) => (Number(id) - 90_000) % every === 0 });
    const answers = await ask(engine, q);
    assert.deepEqual([last(answers).total, last(answers).exact, ids(last(answers)), last(answers).notes], [expected.length, true, best(expected), []], q);
    assert.deepEqual([answers[0].total, answers[0].exact], [expected.length, answers.length === 1], q);
    return answers[0].cost;
  };
  const { rounds, requests } = await told('"wave climate ice"', 30);
  assert.equal(rounds, 3);
  // Buckets of the words and pairs, lists of the words and of the pair in which the three have places, cards.
  assert.ok(requests <= 5 + 4 + 10, `${requests}`);
  // Three of four are no key: what is told is the other three, and the first pair.
  await told('"ocean wave climate ice"', 60);
  // A pair that shares its list is no base.
  await told('"wave climate ice"', 6, { shared: ["p:climat ice"] });
});

test("a long phrase is found at first though one of its lists does not fit", async () => {
  const records = corpus(90_000, 100_000);
  const others = Array.from({ length: 20 }, (_, at) => `other${at}`);
  const phrase = ["wave", "climat", "ice", "glacier", "ocean"];
  const all = Object.fromEntries([...phrase, ...phrase.slice(1).map((word, at) => `p:${phrase[at]} ${word}`)].map((key) => [key, 255]));
  records.forEach((record, at) => {
    // Two words that follow each other in most records, too many for a base, and lists that leave no room for where.
    record.keys = roll(4) > 0 ? { wave: 200, climat: 200, "p:wave climat": 255 } : { ice: 9, glacier: 9, ocean: 9 };
    for (const word of others) if (roll(18) === 0) record.keys[word] = roll(256);
    if (at === 9000 || at === 9001) Object.assign(record.keys, all);
    if (at === 9000) record.card[5] = "Wave climate ice glacier ocean";
    // All but what stands in the longest list.
    if (at === 9001) delete record.keys["p:wave climat"];
  });
  const place = folder();
  writePointer(place, [writeTier(place, { name: "base", records, words, pack: PACK, buckets: 50 })], PACK);
  const { engine } = await opened("ranges", place);
  const [first] = await ask(engine, `+"wave climate ice glacier ocean" ${others.join(" ")}`);
  assert.deepEqual([ids(first), first.total, first.exact, first.refining], [["109000"], 1, false, true]);
  // Alone all that tells it fits; one record has no order, and two have.
  const alone = async (q) => (await ask((await opened("ranges", place)).engine, q)).map((one) => [ids(one).length, one.total, one.exact, one.refining]);
  assert.deepEqual(await alone('"wave climate ice glacier ocean"'), [[1, 1, true, false]]);
  assert.deepEqual(await alone('"climate ice glacier ocean"'), [[2, 2, false, true], [2, 2, true, false]]);
  // Of a longer one the first five words alone were looked for.
  assert.deepEqual(await alone('"wave climate ice glacier ocean wave"'), [[1, 1, false, true], [0, 0, true, false]]);
});

test("pairs that are no keys are looked for on cards, unless all text has pairs", async () => {
  const told = async (place, q) => {
    const { total, notes, hits } = last(await ask((await opened("ranges", place)).engine, q));
    return [total, notes.length, hits.map(({ id }) => id)];
  };
  assert.deepEqual(await told(root, '"glacier ocean"'), [1, 1, [shown.id]]);
  assert.deepEqual(await told(everyPair, '"glacier ocean"'), [0, 0, []]);
  // Pairs that no record has are in no phrase, however many records have the words.
  assert.deepEqual(await told(everyPair, '"ocean wave climate ice"'), [0, 0, []]);
});

test("a phrase of hundreds of words is in no record", async () => {
  const { engine } = await opened();
  // One word more than a byte counts.
  const answer = last(await ask(engine, `"${Array.from({ length: 256 }, (_, at) => `w${at}x`).join(" ")}"`));
  assert.equal(answer.total, 0);
  // Nor is a card looked at.
  assert.equal(answer.cost.rounds, 2);
});

test("a phrase says as much in a tier that knows it as in another", async () => {
  const answer = last(await ask((await opened()).engine, '"polar ocean"'));
  assert.deepEqual(ids(answer), [much.id, little.id]);
});

test("what takes long comes in two stages, and says so", async () => {
  const { engine } = await opened();
  const answers = await ask(engine, '"climate ice ocean wave"');
  assert.deepEqual(answers.map(({ refining, exact }) => refining && !exact), [true, false]);
});

/** Many records of which most have both of two words; the best of these are told. */
const many = corpus(40_000, 40_000);
const told = oracle(["ocean", "wave"], { from: [many], gone: [] });
const frequent = () => {
  const idf = (key) => {
    const df = many.filter(({ keys }) => key in keys).length;
    return Math.log(1 + (many.length - df + 0.5) / (df + 0.5));
  };
  const best = told.slice(0, 12).map(({ number, score }) => [number, Math.round((score * 1024) / (idf("ocean") + idf("wave")))]);
  const both = many.filter(({ keys }) => "ocean" in keys && "wave" in keys).length;
  return { "ocean wave": { both, list: best.sort(([a], [b]) => a - b) } };
};
const manyAt = (gone) => {
  const place = folder();
  const base = { name: "base", records: many, words, pack: PACK, dead: gone, frequent: 30_000, best: frequent(), buckets: 40 };
  writePointer(place, [writeTier(place, base), writeTier(place, { name: "day", records: tiers[1], words, pack: PACK })], PACK);
  return place;
};

test("two frequent words are answered by their best records", async () => {
  const answered = async (gone, more = {}, { keep, page = 1 } = {}) => {
    const { engine } = await opened("ranges", manyAt(gone));
    const before = { ...engine.files.cost };
    const answers = await ask(engine, "wave ocean", more);
    const expected = oracle(["wave", "ocean"], { from: [many, tiers[1]], gone, ...(keep && { keep }) });
    const all = last(answers);
    // Scores are told in ten bits.
    const least = expected[page * 10 - 1].score * 0.999;
    const scores = new Map(expected.map(({ record, score }) => [record.id, score]));
    assert.equal(all.hits.length, 10);
    for (const { id } of all.hits) assert.ok(scores.get(id) >= least, `${id}: ${scores.get(id)}`);
    return { stages: answers.length, all, expected, bytes: engine.files.cost.bytes - before.bytes };
  };
  const { stages, all, expected, bytes } = await answered([]);
  assert.deepEqual([stages, all.total, all.exact, all.counted], [1, expected.length, true, false]);
  assert.ok(bytes < 64 << 10, `${bytes}`);
  assert.ok(all.facets.type.every(({ id, count }) => count <= expected.filter(({ record }) => record.type === id).length));
  // Of the twelve two no longer count.
  const gone = told.slice(0, 2).map(({ number }) => number).sort((a, b) => a - b);
  const less = await answered(gone);
  assert.deepEqual([less.stages, less.all.exact], [1, false]);
  assert.ok(less.all.total <= less.expected.length && less.all.total >= less.expected.length - gone.length);
  // What they do not tell is read.
  const whole = (found) => assert.deepEqual([found.all.total, found.all.exact, found.all.counted], [found.expected.length, true, true]);
  whole(await answered(told.slice(0, 3).map(({ number }) => number).sort((a, b) => a - b)));
  whole(await answered([], { page: 2 }, { page: 2 }));
  whole(await answered([], { filters: { type: ["dataset"] } }, { keep: ({ type }) => type === "dataset" }));
});

test("what a host sends beside what was asked for leaves no less room for lists", async () => {
  const place = folder();
  const pack = 1 << 17;
  const records = many.map((record) => ({ ...record, keys: { ...record.keys, [`d:10.5/${record.id}`]: 255 } }));
  const meta = writeTier(place, { name: "base", records, words, pack, buckets: 400 });
  assert.ok(meta.streams.dict > pack, "whole files of it are more than a first answer may cost");
  writePointer(place, [meta], pack);
  for (const kind of ["ranges", "whole"]) {
    const { engine } = await opened(kind, place);
    const [{ exact, refining }] = await ask(engine, "ocean climate");
    assert.deepEqual([exact, refining], [true, false], kind);
  }
});

test("prefixes, other spellings and completion", async () => {
  const { engine } = await opened();
  const answer = last(await ask(engine, "glac*"));
  assert.equal(answer.total, oracle(["glacier"]).length);
  assert.deepEqual((await engine.complete("polar clim")), ["polar climate", "polar climax"]);
  await ask(engine, "galcier");
  assert.equal(await engine.suggest(question("galcier"), 0), "glacier");
});

test("first answers take at most three rounds and twenty requests", async () => {
  const cases = ["ice", "glacier ice ocean wave climate", '"climate ice"', '"climate ice ocean"', '"climate ice ocean wave polar glacier"', "cli*", "o* wave", "ice glac* clim*", "ocean -wave"];
  for (const sort of ["relevance", "newest"])
    for (const q of cases) {
      const { engine } = await opened();
      // Words of a prefix are completed while it is typed: the table of their blocks is here.
      await engine.complete("zz");
      const [{ cost }] = await ask(engine, q, { sort });
      assert.ok(cost.rounds <= 3, `${q}, ${sort}: ${JSON.stringify(cost)}`);
      if (sort === "relevance") assert.ok(cost.requests <= 20 * tiers.length, `${q}: ${JSON.stringify(cost)}`);
    }
});

test("at most three rounds and nothing twice", async () => {
  const { server, engine } = await opened();
  const before = server.asked.length;
  const [answer] = await ask(engine, "glacier ice");
  assert.ok(answer.cost.rounds <= 3 && answer.cost.requests <= 20, JSON.stringify(answer.cost));
  const after = server.asked.length;
  assert.ok(after > before);
  await ask(engine, "glacier ice");
  assert.equal(server.asked.length, after);
  const all = server.asked.map(({ path, range }) => `${path} ${range}`);
  assert.equal(new Set(all).size, all.length);
});

test("hosts without ranges, and hosts that get them wrong, give the same answers", async () => {
  const expected = best(oracle(["ice", "ocean"]));
  for (const kind of ["ranges", "whole", "compressing"]) {
    const { engine } = await opened(kind);
    assert.deepEqual(ids(last(await ask(engine, "ice ocean"))), expected, kind);
    assert.equal(engine.files.plain, kind !== "ranges");
  }
});

test("older versions only when asked for", async () => {
  const { engine } = await opened();
  const usual = last(await ask(engine, "wave"));
  const all = last(await ask(engine, "wave versions:all"));
  assert.equal(all.total - usual.total, older.filter(({ keys }) => "wave" in keys).length);
});
