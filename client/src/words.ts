// Words of the index: what a prefix stands for, what could follow, what was perhaps meant.

import { Damaged } from "./bits.ts";
import { inflate, joined, once, type Files } from "./files.ts";
import { rows, type Tier } from "./tier.ts";

/** The list of a word's stem. */
export interface Place {
  df: number;
  offset: number;
  bytes: number;
}

export interface Word {
  word: string;
  /** Over all tiers. */
  records: number;
  /** By tier, where it is known and its stem has a list of its own. */
  places: Map<Tier, Place>;
}

interface Block {
  first: string;
  most: number;
  from: number;
  to: number;
}

interface Line {
  word: string;
  records: number;
  place: Place | undefined;
}

/** Blocks that one prefix may cost in a tier. */
const BLOCKS = 8;

/** By code points, as the index is sorted. */
const compare = (a: string, b: string): number => {
  const [x, y] = [[...a], [...b]];
  const at = x.findIndex((c, i) => c !== y[i]);
  return at < 0 ? x.length - y.length : x[at]!.codePointAt(0)! - (y[at]?.codePointAt(0) ?? -1);
};

export class Words {
  readonly #blocks = new Map<Tier, Promise<Block[]>>();
  readonly #read = new Map<string, Promise<Line[]>>();

  readonly #files: Files;

  constructor(files: Files) {
    this.#files = files;
  }

  #list(tier: Tier): Promise<Block[]> {
    return once(this.#blocks, tier, async () => {
      let from = 64;
      return rows(await tier.section("words")).map(([first = "", most = "", size = ""]) => {
        const block = { first, most: Number(most), from, to: from + Number(size) };
        if (!(block.to >= from)) throw new Damaged("words");
        from = block.to;
        return block;
      });
    });
  }

  /** Blocks that are not here yet, in as few requests as can be. */
  #load(wanted: { tier: Tier; block: Block }[]): Promise<Line[]>[] {
    const name = ({ tier, block }: { tier: Tier; block: Block }) => `${tier.meta.dir} ${block.from}`;
    const missing = wanted.filter((one) => !this.#read.has(name(one)));
    const pieces = missing.map(({ tier, block }) => tier.pieces("words", block.from, block.to));
    const bytes = this.#files.ranges(pieces.flat());
    let at = 0;
    missing.forEach((one, number) => {
      const from = at;
      const to = (at += pieces[number]!.length);
      const lines = bytes.then(async (all) =>
        rows(await inflate(joined(all.slice(from, to)))).map(([word = "", ...numbers]): Line => {
          const [records = 0, df = 0, offset = 0, bytes = 0] = numbers.map(Number);
          return { word, records, place: df > 0 ? { df, offset, bytes } : undefined };
        }),
      );
      lines.catch(() => this.#read.delete(name(one)));
      this.#read.set(name(one), lines);
    });
    return wanted.map((one) => this.#read.get(name(one))!);
  }

  /** Words that begin with a prefix, those in most records first; the requests and bytes they took at most. */
  async beginning(tiers: Tier[], prefix: string): Promise<{ words: Word[]; requests: number; bytes: number }> {
    const lists = await Promise.all(tiers.map((tier) => this.#list(tier)));
    let [requests, bytes] = [0, 0];
    const wanted = tiers.flatMap((tier, number) => {
      const blocks = lists[number]!;
      let at = blocks.findIndex(({ first }) => compare(first, prefix) > 0);
      at = Math.max(0, (at < 0 ? blocks.length : at) - 1);
      let end = at;
      while (end < blocks.length && (compare(blocks[end]!.first, prefix) <= 0 || blocks[end]!.first.startsWith(prefix))) end += 1;
      // Where there are many, those with the most frequent words.
      const near = blocks.slice(at, end).sort((a, b) => b.most - a.most || a.from - b.from).slice(0, BLOCKS).sort((a, b) => a.from - b.from);
      near.forEach(({ from, to }, i) => {
        requests += near[i - 1]?.to === from ? 0 : 1;
        bytes += to - from;
      });
      return near.map((block) => ({ tier, block }));
    });
    const found = new Map<string, Word>();
    (await Promise.all(this.#load(wanted))).forEach((lines, at) => {
      for (const { word, records, place } of lines) {
        if (!word.startsWith(prefix)) continue;
        const known = found.get(word) ?? { word, records: 0, places: new Map<Tier, Place>() };
        known.records += records;
        if (place) known.places.set(wanted[at]!.tier, place);
        found.set(word, known);
      }
    });
    const words = [...found.values()].sort((a, b) => b.records - a.records || compare(a.word, b.word));
    return { words, requests, bytes };
  }

  /** The word in most records that is a slip away from one that hardly any record has. */
  async near(tiers: Tier[], word: string, least: number): Promise<string | undefined> {
    const length = [...word].length;
    if (length < 4) return undefined;
    const slips = length < 8 ? 1 : 2;
    const known = (await Promise.all([...starts(word)].map((start) => this.beginning(tiers, start)))).flatMap(({ words }) => words);
    let best: { word: string; worth: number } | undefined;
    for (const { word: other, records } of known) {
      if (other === word || records < least) continue;
      const apart = distance(word, other, slips);
      if (apart > slips) continue;
      const worth = records / 50 ** apart;
      if (!best || worth > best.worth) best = { word: other, worth };
    }
    return best?.word;
  }
}

/** Beginnings to look under: slips are rarer there, but two letters change places. */
const starts = (word: string): Set<string> => {
  const [a = "", b = "", c = "", d = ""] = word;
  return new Set([a + b + c, a + c + b, b + a + c, a + b + d, a + c + d]);
};

/** How many letters are added, left out, replaced or swapped; more than `limit` is not counted. */
export const distance = (a: string, b: string, limit: number): number => {
  const [x, y] = [[...a], [...b]];
  if (Math.abs(x.length - y.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = [...y.keys(), y.length];
  for (let i = 1; i <= x.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= y.length; j += 1) {
      let cost = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (x[i - 1] === y[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && x[i - 1] === y[j - 2] && x[i - 2] === y[j - 1]) cost = Math.min(cost, before[j - 2]! + 1);
      next.push(cost);
    }
    before = row;
    row = next;
  }
  return row[y.length]!;
};
