// From lists to records: what matches, in which order, how many there are by facet. No input or
// output here: everything that is looked at is already there.

import type { Occur } from "./query.ts";
import type { Tier } from "./tier.ts";

/** Records of one tier that a part matches, each with what it adds to the score. */
export interface Segment {
  base: number;
  /** By number, or in groups that are. */
  docs: Uint32Array;
  /** Where its groups begin; if absent it is one. */
  starts?: number[];
  /** What each record adds to the score, in 1/65536 of `weight`. */
  says: Uint16Array | Uint32Array | Float64Array;
  weight: number;
}

/** Records that add nothing to the score. */
export const bare = (base: number, docs: Uint32Array): Segment => ({ base, docs, says: docs, weight: 0 });

/** The records of a part of a question. */
export interface Records {
  occur: Occur;
  segments: Segment[];
}

export interface Matches extends Records {
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

/** So many records are looked at together: their scores and marks stay in a processor's cache. */
const WINDOW = 1 << 15;

/** A segment, and how far each of its groups was walked. */
interface Walk extends Segment {
  ats: number[];
  ends: number[];
}

const walks = (segments: Segment[]): Walk[] =>
  segments.map((segment) => {
    const { starts = [0], docs } = segment;
    return { ...segment, ats: [...starts], ends: [...starts.slice(1), docs.length] };
  });

/** Hands what is in the window at `from` to `take`, as places there. */
const each = (lists: Walk[], from: number, take: (doc: number) => void): void => {
  for (const { base, docs, ats, ends } of lists) {
    for (let group = 0; group < ends.length; group += 1) {
      let at = ats[group]!;
      for (let doc; at < ends[group]! && (doc = docs[at]! + base - from) < WINDOW; at += 1) take(doc);
      ats[group] = at;
    }
  }
};

/** Puts lists together. */
export class Room {
  // Of all records, where they are gathered; zero between two times.
  #sums = new Float64Array();
  #counts = new Uint16Array();

  readonly #tiers: Tier[];

  constructor(tiers: Tier[]) {
    this.#tiers = tiers;
  }

  get #records(): number {
    const last = this.#tiers.at(-1);
    return last ? last.base + last.meta.records : 0;
  }

  /** Records that all of the lists have, with the sums of their scores and of `more`. */
  gather(lists: Segment[][], more: Segment[][] = []): Segment[] {
    const first = lists[0];
    if (!first) return [];
    if (this.#sums.length < this.#records) {
      this.#sums = new Float64Array(this.#records);
      this.#counts = new Uint16Array(this.#records);
    }
    const [sums, counts] = [this.#sums, this.#counts];
    const found = new Uint32Array(size(first));
    let count = 0;
    [...lists, ...more].forEach((segments, at) => {
      const before = Math.min(at, lists.length);
      for (const { base, docs, says, weight } of segments) {
        for (let i = 0; i < docs.length; i += 1) {
          const doc = base + docs[i]!;
          if (counts[doc] !== before) continue;
          if (at === 0) found[count++] = doc;
          if (at < lists.length) counts[doc] = at + 1;
          sums[doc]! += (weight * says[i]!) / 65536;
        }
      }
    });
    // Groups are by what they say.
    if (first.some(({ starts }) => starts?.[1])) found.sort();
    const kept = new Float64Array(count);
    count = 0;
    for (let i = 0; i < found.length; i += 1) {
      const doc = found[i]!;
      if (counts[doc] === lists.length) {
        found[count] = doc;
        kept[count++] = sums[doc]!;
      }
      counts[doc] = sums[doc] = 0;
    }
    return [{ base: 0, docs: found.subarray(0, count), says: kept, weight: 65536 }];
  }

  /**
   * The best `wanted` records. `sets`: of each, one segment list must hold the record too.
   * `order`, where given, ranks matching records in place of their scores (greater is earlier): of
   * each run it is given the first `wanted`.
   */
  find(parts: Records[], passing: Passing, sets: Segment[][], count: Segment[][], wanted: number, order?: (docs: number[]) => number[]): Found {
    const tiers = this.#tiers;
    const [marks, scores] = [new Uint8Array(WINDOW), new Float64Array(WINDOW)];
    // The marks of four records at once.
    const fours = new Int32Array(marks.buffer);
    const hasMust = parts.some(({ occur }) => occur === "must");
    // In the order of the question, so that equal sums are equal.
    const dead = tiers.map((tier): Records => ({ occur: "not", segments: [bare(tier.base, tier.dead)] }));
    const lists = [...parts, ...dead].map(({ occur, segments }) => ({ occur, all: walks(segments) }));
    const [within, counting] = [sets.map(walks), count.map(walks)];
    const byRun = tiers.map((tier) => new Uint32Array(tier.runs.count));
    const counted = count.map(() => 0);
    const best = new Best(wanted);
    const first: number[] = [];
    let [tier, run, next, until, total, least] = [0, -1, 0, 0, 0, -Infinity];
    for (let from = 0; from < this.#records; from += WINDOW) {
      // The mark of those that every must, or without one a should, and every set has, and no must-not.
      let need = hasMust ? 0 : 1;
      for (const { occur, all } of lists) {
        if (occur === "not") continue;
        // As `each` does, without a call for each: that takes half as long again.
        const before = occur === "must" ? need++ : hasMust ? -1 : 0;
        for (const { base, docs, says, weight, ats, ends } of all) {
          const shift = base - from;
          for (let group = 0; group < ends.length; group += 1) {
            const end = ends[group]!;
            let at = ats[group]!;
            for (let doc; at < end && (doc = docs[at]! + shift) < WINDOW; at += 1) {
              scores[doc]! += (weight * says[at]!) / 65536;
              if (marks[doc] === before) marks[doc] = before + 1;
            }
            ats[group] = at;
          }
        }
      }
      for (const set of within) {
        each(set, from, (doc) => { if (marks[doc] === need) marks[doc] = need + 1; });
        need += 1;
      }
      for (const { occur, all } of lists) if (occur === "not") each(all, from, (doc) => { marks[doc] = 0; });
      for (let start = 0, end; start < WINDOW && from + start < this.#records; start = end) {
        while (from + start >= next) {
          run += 1;
          if (run >= tiers[tier]!.runs.count) [tier, run] = [tier + 1, 0];
          next = tiers[tier]!.base + tiers[tier]!.runs.start[run + 1]!;
          until = first.length + wanted;
        }
        // What of the run is in the window.
        end = Math.min(WINDOW, next - from);
        const passes = passing[tier]![run];
        let sum = 0;
        for (let at = start; at < end; at = (at | 3) + 1) {
          // Of four records the highest bit of the byte, if the mark is the one and the record of the run.
          const other = fours[at >> 2]! ^ (need * 0x01010101);
          let good = ~(((other & 0x7f7f7f7f) + 0x7f7f7f7f) | other | 0x7f7f7f7f) & (-1 << ((at & 3) * 8));
          if ((at | 3) >= end) good &= (1 << ((end & 3) * 8)) - 1;
          if (good === 0) continue;
          sum += Math.imul(good >>> 7, 0x01010101) >>> 24;
          let doc = at & ~3;
          if (!passes || (order ? first.length >= until : !(scores[doc]! > least || scores[doc + 1]! > least || scores[doc + 2]! > least || scores[doc + 3]! > least))) continue;
          for (; good !== 0; good >>>= 8, doc += 1) {
            if ((good & 128) === 0) continue;
            if (!order) least = best.offer(from + doc, scores[doc]!);
            else if (first.length < until) first.push(from + doc);
          }
        }
        byRun[tier]![run]! += sum;
        if (passes) total += sum;
        else marks.fill(0, start, end);
      }
      counting.forEach((set, at) => each(set, from, (doc) => { if (marks[doc] === need) counted[at]! += 1; }));
      marks.fill(0);
      scores.fill(0);
    }
    return { top: order ? order(first) : best.docs, total, byRun, counted };
  }
}

export const size = (segments: Segment[]): number => segments.reduce((sum, { docs }) => sum + docs.length, 0);

/** The `limit` records with the greatest keys, in order. They are offered by rising number, which is how equal ones are. */
export class Best {
  readonly docs: number[] = [];
  readonly #keys: number[] = [];

  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes one, if it is among the best; gives `least`. */
  offer(doc: number, key: number): number {
    const [docs, keys] = [this.docs, this.#keys];
    if (key > this.least) {
      let at = keys.length;
      while (at > 0 && keys[at - 1]! < key) at -= 1;
      docs.splice(at, 0, doc);
      keys.splice(at, 0, key);
      docs.splice(this.#limit);
      keys.splice(this.#limit);
    }
    return this.least;
  }

  /** What a key must exceed. */
  get least(): number {
    return this.#keys[this.#limit - 1] ?? -Infinity;
  }
}
