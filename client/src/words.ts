// Words of the index: what a prefix stands for, what could follow, what was perhaps meant.

import { Damaged } from "./bits.ts";
import { inflate, type Files } from "./files.ts";
import { decoder, type Tier } from "./tier.ts";

export interface Word {
  word: string;
  records: number;
}

interface Block {
  first: string;
  from: number;
  to: number;
}

/** Blocks that one prefix may cost. */
const BLOCKS = 8;

/** By code points, as the index is sorted. */
const compare = (a: string, b: string): number => {
  if (a === b) return 0;
  const [x, y] = [[...a], [...b]];
  for (let i = 0; ; i += 1) {
    if (x[i] === undefined) return -1;
    if (y[i] === undefined) return 1;
    if (x[i] !== y[i]) return x[i]!.codePointAt(0)! - y[i]!.codePointAt(0)!;
  }
};

export class Words {
  private readonly blocks = new Map<Tier, Promise<Block[]>>();
  private readonly read = new Map<string, Promise<Word[]>>();

  constructor(private readonly files: Files) {}

  private list(tier: Tier): Promise<Block[]> {
    let blocks = this.blocks.get(tier);
    if (!blocks) {
      blocks = tier.section("words").then((bytes) => {
        let from = 64;
        return decoder.decode(bytes).split("\n").slice(0, -1).map((line) => {
          const [first = "", , size = ""] = line.split("\t");
          const block = { first, from, to: from + Number(size) };
          if (!(block.to >= from)) throw new Damaged("words");
          from = block.to;
          return block;
        });
      });
      blocks.catch(() => this.blocks.delete(tier));
      this.blocks.set(tier, blocks);
    }
    return blocks;
  }

  private async block(tier: Tier, { from, to }: Block): Promise<Word[]> {
    const name = `${tier.meta.dir} ${from}`;
    let words = this.read.get(name);
    if (!words) {
      words = this.files.ranges(tier.pieces("words", from, to)).then(async (parts) => {
        const bytes = parts.length === 1 ? parts[0]! : new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
        return decoder.decode(await inflate(bytes)).split("\n").slice(0, -1).map((line) => {
          const [word = "", records = ""] = line.split("\t");
          return { word, records: Number(records) || 0 };
        });
      });
      words.catch(() => this.read.delete(name));
      this.read.set(name, words);
    }
    return words;
  }

  /** Words that begin with a prefix, those in most records first. */
  async beginning(tiers: Tier[], prefix: string): Promise<Word[]> {
    const sums = new Map<string, number>();
    await Promise.all(tiers.map(async (tier) => {
      const blocks = await this.list(tier);
      let at = blocks.findIndex(({ first }) => compare(first, prefix) > 0);
      at = Math.max(0, (at < 0 ? blocks.length : at) - 1);
      const near = [];
      for (; at < blocks.length && near.length < BLOCKS; at += 1) {
        const { first } = blocks[at]!;
        if (compare(first, prefix) > 0 && !first.startsWith(prefix)) break;
        near.push(blocks[at]!);
      }
      for (const words of await Promise.all(near.map((block) => this.block(tier, block))))
        for (const { word, records } of words) if (word.startsWith(prefix)) sums.set(word, (sums.get(word) ?? 0) + records);
    }));
    const words = [...sums].map(([word, records]) => ({ word, records }));
    return words.sort((a, b) => b.records - a.records || compare(a.word, b.word));
  }

  /** The word in most records that is a slip away from one that hardly any record has. */
  async near(tiers: Tier[], word: string, least: number): Promise<string | undefined> {
    const length = [...word].length;
    if (length < 4) return undefined;
    const slips = length < 8 ? 1 : 2;
    const known = (await Promise.all([...starts(word)].map((start) => this.beginning(tiers, start)))).flat();
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
  let row = y.map((_, j) => j).concat(y.length);
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
