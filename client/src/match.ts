// From lists to records: what matches, in which order, how many there are by facet. No input or
// output here: everything that is looked at is already there.

import type { Occur } from "./query.ts";
import type { Tier } from "./tier.ts";

/** Records of one tier that a part matches, each with what it adds to the score. */
export interface Segment {
  base: number;
  docs: Uint32Array;
  /** What each record adds to the score: `says` in 1/65536 times `weight`, or a number of its own. */
  says?: Uint16Array;
  weight?: number;
  scores?: Float64Array;
}

/** What the record at a place of a segment adds to the score. */
export const adds = ({ says, weight, scores }: Segment, at: number): number =>
  scores ? scores[at]! : says ? (weight! * says[at]!) / 65536 : 0;

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

/** Room for a score and a count a record. Zero between questions. */
export class Room {
  private scores = new Float64Array();
  private marks = new Uint16Array();

  constructor(private readonly tiers: Tier[]) {}

  private get records(): number {
    const last = this.tiers.at(-1);
    return last ? last.base + last.meta.records : 0;
  }

  private tierOf(doc: number): number {
    let at = this.tiers.length - 1;
    while (at > 0 && this.tiers[at]!.base > doc) at -= 1;
    return at;
  }

  /**
   * The best `wanted` records. `sets`: of each, one segment list must hold the record too.
   * `order`, where given, ranks matching records in place of their scores (greater is earlier).
   */
  find(parts: Matches[], passing: Passing, sets: Segment[][], count: Segment[][], wanted: number, order?: (docs: Uint32Array) => number[]): Found {
    this.grow();
    try {
      return this.search(parts, passing, sets, count, wanted, order);
    } finally {
      for (const { segments } of parts)
        for (const { base, docs } of segments)
          for (let i = 0; i < docs.length; i += 1) {
            this.marks[base + docs[i]!] = 0;
            this.scores[base + docs[i]!] = 0;
          }
    }
  }

  private grow(): void {
    if (this.scores.length >= this.records) return;
    this.scores = new Float64Array(this.records);
    this.marks = new Uint16Array(this.records);
  }

  /** Records that at least `need` of the lists have, with the sums of their scores and of `more`. */
  gather(lists: Segment[][], need: number, more: Segment[][] = []): Segment[] {
    this.grow();
    const { marks, scores } = this;
    const found = new Uint32Array(size(lists.flat()));
    let count = 0;
    [...lists, ...more].forEach((segments, at) => {
      for (const segment of segments) {
        const { base, docs } = segment;
        for (let i = 0; i < docs.length; i += 1) {
          const doc = base + docs[i]!;
          if (at < lists.length) {
            if (marks[doc]!++ === 0) found[count++] = doc;
          } else if (marks[doc] === 0) continue;
          scores[doc]! += adds(segment, i);
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
    return [{ base: 0, docs: found.subarray(0, kept), scores: sums }];
  }

  private search(parts: Matches[], passing: Passing, sets: Segment[][], count: Segment[][], wanted: number, order?: (docs: Uint32Array) => number[]): Found {
    const { marks, scores, tiers } = this;
    let docs = this.matching(parts);
    // Filters by sets of records, such as communities.
    for (const set of sets) {
      for (const { base, docs } of set)
        for (let i = 0; i < docs.length; i += 1) if (marks[base + docs[i]!]! > 0) marks[base + docs[i]!]! |= 128;
      let kept = 0;
      for (let i = 0; i < docs.length; i += 1) {
        const doc = docs[i]!;
        if (marks[doc]! & 128) {
          marks[doc] = 1;
          docs[kept++] = doc;
        } else marks[doc] = 0;
      }
      docs = docs.subarray(0, kept);
    }
    const byRun = tiers.map((tier) => new Uint32Array(tier.runs.count));
    let kept = 0;
    for (let i = 0; i < docs.length; i += 1) {
      const doc = docs[i]!;
      const at = this.tierOf(doc);
      const tier = tiers[at]!;
      const record = doc - tier.base;
      if (tier.isDead(record)) {
        marks[doc] = 0;
        continue;
      }
      const run = tier.run(record);
      byRun[at]![run]! += 1;
      if (passing[at]![run]) docs[kept++] = doc;
      else marks[doc] = 0;
    }
    docs = docs.subarray(0, kept);
    const counted = count.map((set) => {
      let sum = 0;
      for (const { base, docs } of set) for (let i = 0; i < docs.length; i += 1) if (marks[base + docs[i]!]! > 0) sum += 1;
      return sum;
    });
    // Scores are added up in the order of the question, so that equal sums are equal.
    for (const { occur, segments } of parts) {
      if (occur === "not") continue;
      for (const segment of segments) {
        const { base, docs } = segment;
        for (let i = 0; i < docs.length; i += 1) scores[base + docs[i]!]! += adds(segment, i);
      }
    }
    if (order) return { top: order(docs), total: docs.length, byRun, counted };
    const best = new Best(wanted);
    for (let i = 0; i < docs.length; i += 1) best.offer(docs[i]!, scores[docs[i]!]!);
    return { top: best.sorted(), total: docs.length, byRun, counted };
  }

  /** Records that every must, or without one a should, and no must-not matches; marked 1 and up. */
  private matching(parts: Matches[]): Uint32Array {
    const { marks } = this;
    const musts = parts.filter((part) => part.occur === "must");
    const used = musts.length > 0 ? musts : parts.filter((part) => part.occur === "should");
    const need = musts.length > 0 ? musts.length : 1;
    const room = (musts.length > 0 ? used.slice(-1) : used).reduce((sum, part) => sum + size(part.segments), 0);
    const docs = new Uint32Array(room);
    let kept = 0;
    used.forEach((part, at) => {
      for (const { base, docs: own } of part.segments)
        for (let i = 0; i < own.length; i += 1) {
          const doc = base + own[i]!;
          if (musts.length > 0) {
            if (marks[doc] !== at) continue;
            marks[doc] = at + 1;
            if (at + 1 === need) docs[kept++] = doc;
          } else if (marks[doc] === 0) {
            marks[doc] = 1;
            docs[kept++] = doc;
          }
        }
    });
    for (const part of parts)
      if (part.occur === "not") for (const { base, docs: own } of part.segments) for (let i = 0; i < own.length; i += 1) marks[base + own[i]!] = 0;
    // Marks of records that lack a must stay below `need`; they are not among `docs`.
    let live = 0;
    for (let i = 0; i < kept; i += 1) if (marks[docs[i]!] === need) docs[live++] = docs[i]!;
    if (musts.length > 0) {
      for (const { segments } of used)
        for (const { base, docs: own } of segments)
          for (let i = 0; i < own.length; i += 1) if (marks[base + own[i]!]! < need) marks[base + own[i]!] = 0;
    }
    return docs.subarray(0, live);
  }
}

export const size = (segments: Segment[]): number => segments.reduce((sum, { docs }) => sum + docs.length, 0);

/** The `limit` records with the greatest scores; of equal ones those with the lowest numbers. */
export class Best {
  private readonly docs: number[] = [];
  private readonly keys: number[] = [];

  constructor(private readonly limit: number) {}

  offer(doc: number, key: number): void {
    const { docs, keys, limit } = this;
    if (docs.length < limit) {
      docs.push(doc);
      keys.push(key);
      for (let at = docs.length - 1; at > 0; ) {
        const up = (at - 1) >> 1;
        if (!this.worse(at, up)) break;
        this.swap(at, up);
        at = up;
      }
      return;
    }
    if (key < keys[0]! || (key === keys[0]! && doc > docs[0]!)) return;
    docs[0] = doc;
    keys[0] = key;
    for (let at = 0; ; ) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < docs.length && this.worse(child, worst)) worst = child;
      if (worst === at) return;
      this.swap(at, worst);
      at = worst;
    }
  }

  private worse(a: number, b: number): boolean {
    const { docs, keys } = this;
    return keys[a]! < keys[b]! || (keys[a] === keys[b] && docs[a]! > docs[b]!);
  }

  private swap(a: number, b: number): void {
    const { docs, keys } = this;
    [docs[a], docs[b]] = [docs[b]!, docs[a]!];
    [keys[a], keys[b]] = [keys[b]!, keys[a]!];
  }

  /** The least key that made it; there is one. */
  get least(): number {
    return this.keys[0]!;
  }

  sorted(): number[] {
    const at = this.docs.map((_, index) => index);
    at.sort((a, b) => (this.worse(a, b) ? 1 : -1));
    return at.map((index) => this.docs[index]!);
  }
}
