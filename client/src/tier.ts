// One tier of the index: where its keys, lists and cards are, and what a record's number tells.

import { Damaged, SAYS, Varints, readCode, type Codes } from "./bits.ts";
import { inflate, once, type Files, type Range } from "./files.ts";

export interface TierMeta {
  dir: string;
  older: boolean;
  phrases: "known" | "text";
  records: number;
  dead: { path: string; bytes: number } | null;
  seed: number;
  /** Bytes of a block, by stream. */
  blocks: Record<string, number>;
  buckets: number;
  frequent: number;
  page_records: number;
  streams: Record<string, number>;
  tables: { bytes: number; sections: Record<string, [number, number]> };
}

export interface Values {
  types: string[];
  access: string[];
  licences: string[];
  communities: [string, string, number][];
}

/** Runs of records that have type, access, licence and year in common. */
export interface Runs {
  type: Uint16Array;
  access: Uint16Array;
  licence: Uint16Array;
  /** 0: none. */
  year: Int32Array;
  /** First record of each, and one more: the end. */
  start: Uint32Array;
  count: number;
}

export interface Card {
  id: string;
  date: string;
  creators: string[];
  more: number;
  title: string;
  text: string;
  version: string;
}

/** `seed`, hashes and fingerprints are numbers of 32 bits. */
const hash = (basis: number, bytes: Uint8Array): number => {
  let h = basis;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const encoder = new TextEncoder();
export const decoder = new TextDecoder();

/** Lines of fields, each line ended. */
export const rows = (bytes: Uint8Array): string[][] => decoder.decode(bytes).split("\n").slice(0, -1).map((line) => line.split("\t"));

export class Tier {
  /** Added to a record's number: numbers over all tiers. */
  base = 0;
  runs!: Runs;
  values!: Values;
  /** How levels are written. */
  codes!: Codes;
  #buckets!: Float64Array;
  /** Records that do not count, by number; whether a record is one, if there are some. */
  dead = new Uint32Array();
  isDead = new Uint8Array();
  /** Records that count. */
  live = 0;
  readonly #sections = new Map<string, Promise<Uint8Array>>();
  #pages: Promise<Float64Array> | undefined;
  #runOf!: Uint32Array;
  #sampled: Promise<Int16Array[]> | undefined;

  readonly #files: Files;
  readonly #pack: number;

  constructor(files: Files, readonly meta: TierMeta, pack: number) {
    this.#files = files;
    this.#pack = pack;

    const { records, buckets, streams } = meta;
    const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
    if (![records, buckets, meta.page_records, ...Object.values(streams)].every(whole) || buckets < 1)
      throw new Damaged("pointer");
  }

  /** What every question needs. Begins to load what the first answer will need. */
  async open(): Promise<void> {
    const check = this.#files.ranges([{ file: `${this.meta.dir}/dict-000.bin`, from: 0, to: 64 }]);
    const [buckets, runs, levels, values] = await Promise.all([this.#places("dict", "buckets", this.meta.buckets), this.section("runs"), this.section("levels"), this.section("values")]);
    if (decoder.decode((await check)[0]!.subarray(0, 5)) !== "OFPSd") throw new Damaged("dictionary");
    void this.page(0).catch(() => {});
    void this.section("dictionary").catch(() => {});
    this.#buckets = buckets;
    this.codes = [, readCode(levels!.subarray(0, 256)), , readCode(levels!.subarray(256)), SAYS];
    this.runs = readRuns(runs!, this.meta.records);
    this.values = JSON.parse(decoder.decode(values)) as Values;
    // Where runs are, for every 256th record.
    this.#runOf = new Uint32Array((this.meta.records >> 8) + 1);
    for (let run = 0, block = 0; block < this.#runOf.length; block += 1) {
      while (run + 1 < this.runs.count && this.runs.start[run + 1]! <= block << 8) run += 1;
      this.#runOf[block] = run;
    }
    this.live = this.meta.records;
    if (this.meta.dead) {
      const numbers = new Varints(await inflate(await this.#files.whole(this.meta.dead.path)));
      const dead = [];
      this.isDead = new Uint8Array(this.meta.records);
      for (let record = 0; numbers.more; ) {
        record += numbers.next();
        if (record >= this.meta.records) throw new Damaged("dead");
        this.isDead[record] = 1;
        dead.push(record);
      }
      this.dead = Uint32Array.from(dead);
      this.live -= dead.length;
    }
  }

  /** The run of a record. */
  run(record: number): number {
    const { start } = this.runs;
    let run = this.#runOf[record >> 8]!;
    while (start[run + 1]! <= record) run += 1;
    return run;
  }

  section(name: string): Promise<Uint8Array> {
    return once(this.#sections, name, async () => {
      const place = this.meta.tables.sections[name];
      if (!place) throw new Damaged(name);
      const range = { file: `${this.meta.dir}/tables.bin`, from: place[0], to: place[0] + place[1] };
      return inflate((await this.#files.ranges([range]))[0]!);
    });
  }

  /** Where a key is: its fingerprint and the stretch of blocks of its bucket. */
  place(key: string): { print: number; from: number; to: number } {
    const of = (basis: number, key: string) => hash(basis ^ this.meta.seed, encoder.encode(key));
    // Three words in a row are in the bucket of the first two, words of fields in that of the word.
    const bucket = Math.floor((of(2166136261, key.replace(/^(p:\S+ \S+) .*|^[tkn]:/, "$1")) * this.meta.buckets) / 2 ** 32);
    return { print: of(2538058380, key) >>> 6, ...this.#stretch("dict", this.#buckets, bucket) };
  }

  /** The parts of files that a stretch of a stream is in. */
  pieces(stream: string, from: number, to: number): Range[] {
    if (!(to <= this.meta.streams[stream]! && from <= to)) throw new Damaged(stream);
    const pieces = [];
    for (let at = from; at < to; ) {
      const file = Math.floor(at / this.#pack);
      const end = Math.min(to, (file + 1) * this.#pack);
      pieces.push({ file: `${this.meta.dir}/${stream}-${String(file).padStart(3, "0")}.bin`, from: at - file * this.#pack, to: end - file * this.#pack });
      at = end;
    }
    return pieces;
  }

  /** A table: where the blocks are that things begin in, and the end. The header has a block. */
  async #places(stream: string, table: string, count: number): Promise<Float64Array> {
    const numbers = new Varints(await this.section(table));
    const block = this.meta.blocks[stream]!;
    const places = new Float64Array(count + 1).fill(block);
    for (let i = 0; i < count; i += 1) places[i + 1] = places[i]! + numbers.next() * block;
    return places;
  }

  /** The stretch of blocks that a thing is in: it may end in that where the next begins, unless that begins a file. */
  #stretch(stream: string, places: Float64Array, at: number): { from: number; to: number } {
    const next = places[at + 1]!;
    return { from: places[at]!, to: Math.min(next % this.#pack ? next + this.meta.blocks[stream]! : next, this.meta.streams[stream]!) };
  }

  /** What begins in the first of some blocks, and what follows it there. */
  joined(stream: string, blocks: Uint8Array): Uint8Array {
    const block = this.meta.blocks[stream]!;
    if (!blocks[0]) throw new Damaged(stream);
    const begins = (blocks[0] * block) / 256;
    return blocks.filter((_, at) => at >= begins && at % block > 0);
  }

  async page(page: number): Promise<{ from: number; to: number }> {
    this.#pages ??= this.#places("cards", "pages", Math.ceil(this.meta.records / this.meta.page_records));
    return this.#stretch("cards", await this.#pages, page);
  }

  /** The cards of the page that begins in the first of some blocks, in order of their records. */
  async cards(blocks: Uint8Array): Promise<Card[]> {
    const page = this.joined("cards", blocks);
    const size = page[0]! | (page[1]! << 8);
    return rows(await inflate(page.subarray(2, 2 + size), await this.section("dictionary"))).map((row) => {
      const [id = "", date = "", names = "", more = "", title = "", text = "", version = ""] = row;
      return { id, date, creators: names === "" ? [] : names.split("; "), more: Number(more) || 0, title, text, version };
    });
  }

  /** For every run, the days of its records 0, 64, 128, … */
  days(): Promise<Int16Array[]> {
    this.#sampled ??= this.section("days").then((bytes) => {
      const numbers = new Varints(bytes);
      const { start, count } = this.runs;
      return Array.from({ length: count }, (_, run) => {
        const samples = new Int16Array(Math.ceil((start[run + 1]! - start[run]!) / 64));
        for (let i = 0; i < samples.length; i += 1) samples[i] = numbers.next();
        return samples;
      });
    });
    return this.#sampled;
  }
}

const readRuns = (bytes: Uint8Array, records: number): Runs => {
  const all: number[] = [];
  for (const numbers = new Varints(bytes); numbers.more; ) all.push(numbers.next());
  const count = all.length / 5;
  const column = (at: number) => all.slice(at * count, (at + 1) * count);
  const start = new Uint32Array(count + 1);
  column(4).forEach((records, i) => { start[i + 1] = start[i]! + records; });
  if (start[count] !== records) throw new Damaged("runs");
  return {
    type: Uint16Array.from(column(0)), access: Uint16Array.from(column(1)), licence: Uint16Array.from(column(2)),
    year: Int32Array.from(column(3), (year) => year - 1), start, count,
  };
};
