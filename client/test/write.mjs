// Writes a small index as docs/search-format.md says, for tests of the client alone.

import { mkdirSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { dirname, join } from "node:path";

import { source } from "./source.mjs";

const { stem } = await source("analyse");

export const hash = (basis, text) => {
  let h = basis;
  for (const byte of Buffer.from(text)) h = Math.imul(h ^ byte, 16777619);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const varints = (numbers) => {
  const out = [];
  for (let n of numbers) {
    for (; n >= 128; n = Math.floor(n / 128)) out.push((n % 128) | 128);
    out.push(n);
  }
  return Buffer.from(out);
};

const rice = (records, count) => {
  const mean = Math.floor(records / count);
  return mean < 2 ? 0 : Math.floor(Math.log2(mean));
};

class Bits {
  bits = [];
  put(value, count) {
    for (let i = 0; i < count; i += 1) this.bits.push(Math.floor(value / 2 ** i) % 2);
  }
  unary(n) {
    for (let i = 0; i < n; i += 1) this.bits.push(1);
    this.bits.push(0);
  }
  gamma(value) {
    const length = Math.floor(Math.log2(value));
    this.unary(length);
    this.put(value, length);
  }
  rice(value, k) {
    this.unary(Math.floor(value / 2 ** k));
    this.put(value, k);
  }
  postings(docs, records, levels, code) {
    const k = rice(records, docs.length);
    docs.forEach((doc, i) => {
      this.rice(doc - (docs[i - 1] ?? -1) - 1, k);
      if (levels) this.put(code.codes[levels[i]], code.lengths[levels[i]]);
    });
  }
  bytes() {
    const out = Buffer.alloc(Math.ceil(this.bits.length / 8));
    this.bits.forEach((bit, at) => (out[at >> 3] |= bit << (at & 7)));
    return out;
  }
}

/** A code of levels. */
const codeOf = (lengths) => {
  const order = lengths.map((_, level) => level).sort((a, b) => lengths[a] - lengths[b] || a - b);
  const codes = [];
  let next = 0;
  for (const level of order) {
    const length = lengths[level];
    codes[level] = Number.parseInt([...(next >> (12 - length)).toString(2).padStart(length, "0")].reverse().join(""), 2);
    next += 4096 >> length;
  }
  return { lengths, codes };
};
/** In one all are as long, in the other some are shorter than others: of stems in the text, and of fields. */
const [LEVELS, STEMS] = [() => 8, (level) => (level < 64 ? 7 : level < 128 ? 8 : 9)].map((length) => codeOf(Array.from({ length: 256 }, (_, level) => length(level))));
export const worth = (level) => Math.floor(4096 * Math.sqrt(level + 0.5));
/** Keys that are there or not have no levels. */
const plain = (key) => /^[pscdof]:/.test(key);

/** Bytes of a block. */
const BLOCKS = { cards: 256, dict: 512 };
const header = (stream) => {
  const out = Buffer.alloc(BLOCKS[stream] ?? 64);
  out.write(`OFPS${stream[0]}`);
  out[5] = 1;
  return out;
};

/** Things one after another in blocks, and how many blocks lie between their beginnings; none crosses a cut that it need not. */
const inBlocks = (things, size, pack) => {
  const step = size / 256;
  const [blocks, starts] = [[], []];
  let [block, used] = [Buffer.alloc(size), 1];
  const next = () => {
    blocks.push(block);
    [block, used] = [Buffer.alloc(size), 1];
  };
  // Behind a header of a block.
  const at = () => (blocks.length + 1) * size;
  for (const thing of things) {
    const later = Math.max(0, thing.length - (size - Math.ceil(used / step) * step));
    const bytes = (1 + Math.ceil(later / (size - 1))) * size;
    if (bytes <= pack && (at() % pack) + bytes > pack) {
      if (used > 1) next();
      while (at() % pack > 0) next();
    }
    if (Math.ceil(used / step) * step === size) next();
    used = Math.ceil(used / step) * step;
    block[0] = used / step;
    starts.push(blocks.length);
    for (let from = 0; from < thing.length; ) {
      const now = thing.subarray(from, from + size - used);
      now.copy(block, used);
      [from, used] = [from + now.length, used + now.length];
      if (used === size) next();
    }
    if (starts[starts.length - 1] === blocks.length || (used > 1 && at() % pack === 0)) next();
  }
  if (used > 1) next();
  return { bytes: Buffer.concat(blocks), table: varints(starts.map((start, i) => (starts[i + 1] ?? blocks.length) - start)) };
};

/**
 * `records`: in the order of the index, each {type, access, licence, year, card: string[], keys:
 * Map or object of key → level}. `words`: [word, records][] in order. `best`: by two stems, how many
 * records have both, and the best as [record, what they say, in 10 bits][].
 */
export const writeTier = (root, { records, words = [], name = "base", older = false, seed = 7, buckets = 5, communities = [], dead = [], shared = [], best = {}, frequent = 0, days, pack }) => {
  const lists = new Map();
  records.forEach(({ keys }, record) => {
    for (const [key, level] of Object.entries(keys)) {
      const list = lists.get(key) ?? { docs: [], levels: [] };
      list.docs.push(record);
      list.levels.push(level);
      lists.set(key, list);
    }
  });
  const streams = { dict: header("dict"), lists: header("lists"), cards: header("cards"), words: header("words") };
  const append = (stream, bytes) => {
    const at = streams[stream].length;
    streams[stream] = Buffer.concat([streams[stream], bytes]);
    return at;
  };
  const places = new Map();
  const byBucket = Array.from({ length: buckets }, () => []);
  const enter = (key, entry) => {
    // Three words in a row are in the bucket of the first two, words of fields in that of the word.
    const first = key.startsWith("p:") ? key.split(" ").slice(0, 2).join(" ") : "tkn".includes(key[0]) && key[1] === ":" ? key.slice(2) : key;
    const bucket = Math.floor((hash(2166136261 ^ seed, first) * buckets) / 2 ** 32);
    byBucket[bucket].push({ print: hash(2538058380 ^ seed, key) >>> 6, key, ...entry });
  };
  for (const [key, list] of lists) enter(key, list);
  for (const [two, told] of Object.entries(best)) enter(`b:${two}`, { told });
  const filled = byBucket.map((entries) => {
    entries.sort((a, b) => a.print - b.print);
    const base = streams.lists.length;
    const bits = new Bits();
    bits.postings(entries.map(({ print }) => print), 2 ** 26);
    for (const { key, docs, levels: own, told } of entries) {
      if (told) {
        bits.gamma(told.both + 1);
        bits.put(2, 3);
        bits.gamma(32);
        const k = rice(records.length, 12);
        told.list.forEach(([doc, says], i) => {
          bits.rice(doc - (told.list[i - 1]?.[0] ?? -1) - 1, k);
          bits.put(says, 10);
        });
        continue;
      }
      const levels = plain(key) && !shared.includes(key) ? undefined : own;
      let [code, numbers, range] = [undefined, docs, records.length];
      bits.gamma(docs.length);
      const row = key.startsWith("p:") ? key.slice(2).split(" ") : [];
      const parts = row.length > 2 ? row.slice(1).map((word, at) => `p:${row[at]} ${word}`) : row;
      const words = parts.map((part) => lists.get(part).docs);
      const word = words.length > 0 && words[1].length < words[0].length ? 1 : 0;
      // Of words of fields that of their stem in the text, where all have it.
      const text = lists.get(/^[tk]:/.test(key) ? key.slice(2) : /^n:/.test(key) ? stem(key.slice(2)) : undefined)?.docs;
      const inText = new Set(text);
      const base = words[word] ?? (shared.includes(key) || !docs.every((doc) => inText.has(doc)) ? undefined : text);
      const isStem = !/^.:/.test(key) && !shared.includes(key);
      if (levels) code = isStem ? STEMS : LEVELS;
      if (base?.length < 65536 && !(words[0] && levels)) {
        range = base.length;
        // A record that lacks the word has a place beyond the list, as the entry of another pair may.
        const places = new Map(base.map((doc, place) => [doc, place]));
        numbers = docs.map((doc) => places.get(doc) ?? range);
        bits.put(words[0] ? 2 | (word << 2) : 3, words[0] ? 3 : 2);
        bits.gamma(rice(range, docs.length) + (words[0] ? 1 : 2));
      } else {
        bits.put(levels ? (isStem ? 1 : 3) : 0, 2);
        if (levels && !isStem) bits.gamma(1);
      }
      if (docs.length <= 128) {
        bits.postings(numbers, range, levels, code);
        continue;
      }
      let bytes;
      if (docs.length < 8192 || numbers !== docs) {
        const list = new Bits();
        list.postings(numbers, range, levels, code);
        bytes = list.bytes();
      } else {
        const groups = [];
        for (let level = 255; level >= 0; level -= 1) {
          const best = docs.filter((_, i) => own[i] === level);
          if (best.length === 0) continue;
          const group = new Bits();
          group.postings(best, records.length);
          const says = Buffer.alloc(2);
          says.writeUInt16LE(worth(level));
          groups.push(says, varints([best.length, group.bytes().length]), group.bytes());
        }
        bytes = Buffer.concat(groups);
      }
      bits.gamma(bytes.length);
      places.set(key, [docs.length, append("lists", bytes), bytes.length]);
    }
    return Buffer.concat([varints([entries.length, base]), bits.bytes()]);
  });
  const dict = inBlocks(filled, BLOCKS.dict, pack);
  append("dict", dict.bytes);
  const values = { types: [], access: [], licences: [], communities };
  const index = (list, value) => (list.includes(value) ? list.indexOf(value) : list.push(value) - 1);
  const runs = [];
  for (const { type, access, licence, year } of records) {
    const run = [index(values.types, type), index(values.access, access), index(values.licences, licence), year === undefined ? 0 : year + 1];
    const last = runs[runs.length - 1];
    if (last && run.every((value, at) => last[at] === value)) last[4] += 1;
    else runs.push([...run, 1]);
  }
  let at = 0;
  const samples = runs.flatMap(([, , , , count]) => {
    const own = Array.from({ length: Math.ceil(count / 64) }, (_, i) => days?.[at + i * 64] ?? 0);
    at += count;
    return own;
  });
  const dictionary = Buffer.from("a dictionary of words that cards have in common: the of data and temperature ");
  const pages = [];
  for (let i = 0; i < records.length; i += 16) {
    const text = records.slice(i, i + 16).map(({ card }) => `${card.join("\t")}\n`).join("");
    const deflated = deflateRawSync(Buffer.from(text), { dictionary });
    const size = Buffer.alloc(2);
    size.writeUInt16LE(deflated.length);
    pages.push(Buffer.concat([size, deflated]));
  }
  const cards = inBlocks(pages, BLOCKS.cards, pack);
  append("cards", cards.bytes);
  const blocks = [];
  for (let i = 0; i < words.length; i += 4) {
    const own = words.slice(i, i + 4);
    const block = deflateRawSync(Buffer.from(own.map(([word, count, stem]) => `${[word, count, ...(places.get(stem) ?? [])].join("\t")}\n`).join("")));
    append("words", block);
    blocks.push(`${own[0][0]}\t${Math.max(...own.map(([, count]) => count))}\t${block.length}\n`);
  }
  const sections = {};
  let tables = Buffer.alloc(0);
  for (const [section, bytes] of Object.entries({
    buckets: dict.table, runs: varints([0, 1, 2, 3, 4].flatMap((column) => runs.map((run) => run[column]))), values: Buffer.from(JSON.stringify(values)),
    pages: cards.table, dictionary, levels: Buffer.from([...STEMS.lengths, ...LEVELS.lengths]), words: Buffer.from(blocks.join("")), days: varints(samples),
  })) {
    const deflated = deflateRawSync(bytes);
    sections[section] = [tables.length, deflated.length];
    tables = Buffer.concat([tables, deflated]);
  }
  const dir = `search/${name}-0123456789ab`;
  const put = (path, bytes) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), bytes);
  };
  put(`${dir}/tables.bin`, tables);
  for (const [stream, bytes] of Object.entries(streams))
    for (let file = 0; file * pack < bytes.length; file += 1)
      put(`${dir}/${stream}-${String(file).padStart(3, "0")}.bin`, bytes.subarray(file * pack, (file + 1) * pack));
  let deadFile = null;
  if (dead.length > 0) {
    deadFile = { path: `search/dead-${name}.bin`, bytes: 0 };
    put(deadFile.path, deflateRawSync(varints(dead.map((number, i) => number - (dead[i - 1] ?? 0)))));
  }
  return {
    dir, older, phrases: "known", records: records.length, dead: deadFile, seed, blocks: BLOCKS, buckets, frequent, page_records: 16,
    streams: Object.fromEntries(Object.entries(streams).map(([stream, bytes]) => [stream, bytes.length])),
    tables: { bytes: tables.length, sections },
  };
};

export const writePointer = (root, tiers, pack, others = {}) => {
  const text = JSON.stringify({ format: 9, analyser: 1, pack_bytes: pack, tiers, ...others });
  const path = `search/pointer-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.json`;
  writeFileSync(join(root, path), text);
  writeFileSync(join(root, "release.json"), JSON.stringify({ format: 1, search: { path } }));
};
