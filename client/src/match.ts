// From lists to records: what matches, in which order, how many there are by facet. No input or
// output here: everything that is looked at is already there.

import type { Occur } from "./query.ts";
import type { Tier } from "./tier.ts";

/** Records of one tier that a part matches, each with what it adds to the score. */
export interface Segment {
  base: number;
  docs: Uint32Array;
  /** What each record adds to the score, in 1/65536 of `weight`. */
  says: Uint16Array | Uint32Array | Float64Array;
  weight: number;
}

/** Records that add nothing to the score. */
export const bare = (base: number, docs: Uint32Array): Segment => ({ base, docs, says: docs, weight: 0 });

export interface Matches {
  occur: Occur;
  segments: Segment[];
  /** Whether all records that match are there. */
  whole: boolean;
}

export interface Found {
  /** Records by number over all tiers: the best, in order. */
  top: number[];
  total: number;
  /** Records by run of each tier, without regard to filters by run. */
  byRun: Uint32Array[];
  /** Records in each of the sets that were to be counted. */
  counted: number[];
}

/** A filter on runs, one flag a run, for each tier. */
export type Passing = Uint8Array[];

/** Of how many records one must be in a list for all to be looked at. */
const DENSE = 32;

/** Room for a score and a count a record. Zero between questions. */
export class Room {
  #scores = new Float64Array();
  #marks = new Uint16Array();

  readonly #tiers: Tier[];

  constructor(tiers: Tier[]) {
    this.#tiers = tiers;
  }

  get #records(): number {
    const last = this.#tiers.at(-1);
    return last ? last.base + last.meta.records : 0;
  }

  /**
   * The best `wanted` records. `sets`: of each, one segment list must hold the record too.
   * `order`, where given, ranks matching records in place of their scores (greater is earlier): of
   * each run it is given the first `wanted`.
   */
  find(parts: Matches[], passing: Passing, sets: Segment[][], count: Segment[][], wanted: number, order?: (docs: number[]) => number[]): Found {
    this.#grow();
    const all = parts.flatMap(({ segments }) => segments);
    try {
      return this.#search(parts, all, passing, sets, count, wanted, order);
    } finally {
      if (this.#isDense(all)) {
        this.#marks.fill(0);
        this.#scores.fill(0);
      } else for (const { base, docs } of all) for (let i = 0; i < docs.length; i += 1) this.#marks[base + docs[i]!] = this.#scores[base + docs[i]!] = 0;
    }
  }

  /** Whether to look at each record costs less than to sort those of the lists. */
  #isDense(all: Segment[]): boolean {
    return size(all) > this.#records / DENSE;
  }

  #grow(): void {
    if (this.#scores.length >= this.#records) return;
    this.#scores = new Float64Array(this.#records);
    this.#marks = new Uint16Array(this.#records);
  }

  /** Records that at least `need` of the lists have, with the sums of their scores and of `more`. */
  gather(lists: Segment[][], need: number, more: Segment[][] = []): Segment[] {
    this.#grow();
    const [marks, scores] = [this.#marks, this.#scores];
    const found = new Uint32Array(size(lists.flat()));
    let count = 0;
    [...lists, ...more].forEach((segments, at) => {
      for (const { base, docs, says, weight } of segments) {
        for (let i = 0; i < docs.length; i += 1) {
          const doc = base + docs[i]!;
          if (at < lists.length) {
            if (marks[doc]!++ === 0) found[count++] = doc;
          } else if (marks[doc] === 0) continue;
          scores[doc]! += (weight * says[i]!) / 65536;
        }
      }
    });
    const sums = new Float64Array(count);
    let kept = 0;
    for (let i = 0; i < count; i += 1) {
      const doc = found[i]!;
      if (marks[doc]! >= need) {
        found[kept] = doc;
        sums[kept++] = scores[doc]!;
      }
      marks[doc] = scores[doc] = 0;
    }
    return [{ base: 0, docs: found.subarray(0, kept), says: sums, weight: 65536 }];
  }

  #search(parts: Matches[], all: Segment[], passing: Passing, sets: Segment[][], count: Segment[][], wanted: number, order?: (docs: number[]) => number[]): Found {
    const [marks, scores, tiers] = [this.#marks, this.#scores, this.#tiers];
    const need = this.#mark(parts, sets);
    const docs = this.#marked(all, need);
    const byRun = tiers.map((tier) => new Uint32Array(tier.runs.count));
    const best = new Best(wanted);
    const first: number[] = [];
    let [total, at, run, taken] = [0, 0, 0, 0];
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!;
      while (doc >= tiers[at]!.base + tiers[at]!.meta.records) [at, run, taken] = [at + 1, 0, 0];
      const tier = tiers[at]!;
      const record = doc - tier.base;
      while (tier.runs.start[run + 1]! <= record) [run, taken] = [run + 1, 0];
      const lives = !tier.isDead(record);
      if (lives) byRun[at]![run]! += 1;
      if (!lives || !passing[at]![run]) {
        marks[doc] = 0;
        continue;
      }
      total += 1;
      if (!order) best.offer(doc, scores[doc]!);
      else if (taken++ < wanted) first.push(doc);
    }
    const counted = count.map((set) => {
      let sum = 0;
      for (const { base, docs } of set) for (let i = 0; i < docs.length; i += 1) if (marks[base + docs[i]!] === need) sum += 1;
      return sum;
    });
    return { top: order ? order(first) : best.sorted(), total, byRun, counted };
  }

  /**
   * Adds up scores and marks records. What is returned is the mark of those that every must, or
   * without one a should, and every set has, and no must-not.
   */
  #mark(parts: Matches[], sets: Segment[][]): number {
    const [marks, scores] = [this.#marks, this.#scores];
    const hasMust = parts.some(({ occur }) => occur === "must");
    let need = hasMust ? 0 : 1;
    // In the order of the question, so that equal sums are equal.
    for (const { occur, segments } of parts) {
      if (occur === "not") continue;
      for (const { base, docs, says, weight } of segments) {
        for (let i = 0; i < docs.length; i += 1) {
          const doc = base + docs[i]!;
          scores[doc]! += (weight * says[i]!) / 65536;
          if (!hasMust) marks[doc] = 1;
          else if (occur === "must" && marks[doc] === need) marks[doc] = need + 1;
        }
      }
      if (occur === "must") need += 1;
    }
    for (const set of sets) {
      for (const { base, docs } of set)
        for (let i = 0; i < docs.length; i += 1) if (marks[base + docs[i]!] === need) marks[base + docs[i]!] = need + 1;
      need += 1;
    }
    for (const { occur, segments } of parts)
      if (occur === "not") for (const { base, docs } of segments) for (let i = 0; i < docs.length; i += 1) marks[base + docs[i]!] = 0;
    return need;
  }

  /** The records of the lists that have this mark, by number. */
  #marked(all: Segment[], mark: number): Uint32Array {
    const marks = this.#marks;
    const dense = this.#isDense(all);
    const docs = new Uint32Array(dense ? this.#records : size(all));
    let found = 0;
    if (dense) {
      for (let doc = 0; doc < docs.length; doc += 1) if (marks[doc] === mark) docs[found++] = doc;
      return docs.subarray(0, found);
    }
    for (const { base, docs: own } of all) for (let i = 0; i < own.length; i += 1) if (marks[base + own[i]!] === mark) docs[found++] = base + own[i]!;
    return docs.subarray(0, found).sort().filter((doc, at, all) => doc !== all[at - 1]);
  }
}

export const size = (segments: Segment[]): number => segments.reduce((sum, { docs }) => sum + docs.length, 0);

/** The `limit` records with the greatest scores; of equal ones those with the lowest numbers. */
export class Best {
  readonly #docs: number[] = [];
  readonly #keys: number[] = [];

  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  offer(doc: number, key: number): void {
    const [docs, keys, limit] = [this.#docs, this.#keys, this.#limit];
    if (docs.length < limit) {
      docs.push(doc);
      keys.push(key);
      for (let at = docs.length - 1; at > 0; ) {
        const up = (at - 1) >> 1;
        if (!this.#worse(at, up)) break;
        this.#swap(at, up);
        at = up;
      }
      return;
    }
    if (key < keys[0]! || (key === keys[0]! && doc > docs[0]!)) return;
    docs[0] = doc;
    keys[0] = key;
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < docs.length && this.#worse(child, worst)) worst = child;
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }

  #worse(a: number, b: number): boolean {
    const [docs, keys] = [this.#docs, this.#keys];
    return keys[a]! < keys[b]! || (keys[a] === keys[b] && docs[a]! > docs[b]!);
  }

  #swap(a: number, b: number): void {
    const [docs, keys] = [this.#docs, this.#keys];
    [docs[a], docs[b]] = [docs[b]!, docs[a]!];
    [keys[a], keys[b]] = [keys[b]!, keys[a]!];
  }

  /** The least key that made it; there is one. */
  get least(): number {
    return this.#keys[0]!;
  }

  sorted(): number[] {
    const at = this.#docs.map((_, index) => index);
    at.sort((a, b) => (this.#worse(a, b) ? 1 : -1));
    return at.map((index) => this.#docs[index]!);
  }
}
