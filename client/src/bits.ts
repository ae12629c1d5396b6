// Numbers as bits and bytes: docs/search-format.md, "Bits", "Dictionary", "Lists". Whatever is
// read here came over the network: every loop is bounded by what the pointer promises.

export class Damaged extends Error {
  constructor(what: string) {
    super(`the index is damaged (${what})`);
  }
}

/** Varints one after another. */
export class Varints {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, public at = 0) {
    this.#bytes = bytes;
  }

  get more(): boolean {
    return this.at < this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new Damaged("number");
  }
}

/** Record numbers, rising, and what the key says of each, in 1/65536. */
export interface Postings {
  docs: Uint32Array;
  says: Uint16Array;
}

/** What a posting is worth that is just there. */
const PRESENT = 65535;
/** Longest code of a level, bits. */
const LONGEST = 12;

/** By what postings are, how what they say is written: by the next bits what it is, times 16, and length. */
export type Codes = (Uint32Array | undefined)[];

/** What the best records of two words say: ten bits are it. */
export const SAYS = Uint32Array.from({ length: 1 << LONGEST }, (_, bits) => ((bits & 1023) << 10) | 10);

/** The code of levels. */
export const readCode = (lengths: Uint8Array): Uint32Array => {
  const table = new Uint32Array(1 << LONGEST);
  const order = Array.from(lengths, (_, level) => level).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  let next = 0;
  for (const level of order) {
    const length = lengths[level]!;
    if (!(length > 0 && length <= LONGEST)) throw new Damaged("levels");
    // Codes rise when their first bit is the highest; they are read lowest bit first.
    let code = 0;
    for (let bit = 0; bit < LONGEST; bit += 1) if (next & (1 << bit)) code |= 1 << (LONGEST - 1 - bit);
    for (let at = code; at < table.length; at += 1 << length) table[at] = (Math.floor(4096 * Math.sqrt(level + 0.5)) << 4) | length;
    next += 1 << (LONGEST - length);
  }
  if (next !== table.length) throw new Damaged("levels");
  return table;
};

/** At least 25 bits from the position on. */
const wordAt = (bytes: Uint8Array, position: number): number => {
  const at = position >> 3;
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> (position & 7);
};

/** Bits of a byte from the lowest up. Reads zeros past the end. */
class Bits {
  readonly #bytes: Uint8Array;

  /** `at`: byte to begin with. */
  constructor(bytes: Uint8Array, at: number, public position = 0) {
    // Room behind, so that the words below never leave the array.
    this.#bytes = new Uint8Array(bytes.length - at + 8);
    this.#bytes.set(bytes.subarray(at));
  }

  #word(): number {
    return wordAt(this.#bytes, this.position);
  }

  #end(): void {
    if (this.position > this.#bytes.length * 8) throw new Damaged("list");
  }

  bits(count: number): number {
    if (count > 24) {
      const low = this.bits(16);
      return low + this.bits(count - 16) * 65536;
    }
    const value = this.#word() & ((1 << count) - 1);
    this.position += count;
    return value;
  }

  #unary(): number {
    let value = 0;
    for (;;) {
      const word = ~this.#word() & 0x1ffffff;
      if (word !== 0) {
        const ones = 31 - Math.clz32(word & -word);
        this.position += ones + 1;
        return value + ones;
      }
      value += 25;
      this.position += 25;
      this.#end();
    }
  }

  gamma(): number {
    const length = this.#unary();
    if (length > 31) throw new Damaged("count");
    return 2 ** length + this.bits(length);
  }

  /** `count` record numbers below `records`; what they say, written in `code`, goes to `says`. */
  postings(count: number, records: number, docs: Uint32Array, from: number, says?: Uint16Array, code?: Uint32Array, k = rice(records, count)): void {
    const mask = (1 << k) - 1;
    const bytes = this.#bytes;
    const end = bytes.length * 8;
    let position = this.position;
    let doc = -1;
    for (let i = from; i < from + count; i += 1) {
      const word = wordAt(bytes, position);
      const zeros = ~word & 0xffff;
      if (zeros !== 0 && k <= 9) {
        // The common case: quotient and remainder are in the word.
        const ones = 31 - Math.clz32(zeros & -zeros);
        doc += 1 + ((ones << k) | ((word >>> (ones + 1)) & mask));
        position += ones + 1 + k;
      } else {
        this.position = position;
        const high = this.#unary();
        doc += 1 + high * 2 ** k + this.bits(k);
        position = this.position;
      }
      if (doc >= records || position > end) throw new Damaged("list");
      docs[i] = doc;
      if (code) {
        const said = code[wordAt(bytes, position) & 4095]!;
        says![i] = said >> 4;
        position += said & 15;
      }
    }
    if (!code) says?.fill(PRESENT, from, from + count);
    this.position = position;
  }
}

const rice = (records: number, count: number): number => {
  const mean = Math.floor(records / count);
  return mean < 2 ? 0 : 31 - Math.clz32(mean);
};

/** What postings can be, besides record numbers (0), and such, or places, with levels that are not of a stem in the text (3). */
export const STEM = 1;
const PLACES = 2;
/** The best of two words, and how many there are; where others say the parameter of their code. */
export const BEST = 4;
const BEST_RECORDS = 12;
const BEST_PARAMETER = 31;

/**
 * What the dictionary says of a key: in how many records it is (two words: both), and what its postings are. If
 * places, those in the list of this word of a pair, and `k` of their code while they are not records.
 */
export interface Entry {
  df: number;
  are: number;
  word?: number;
  k?: number | undefined;
  /** They, or where the list is that has them; of 0 bytes if it has none. */
  postings?: Postings;
  offset: number;
  bytes: number;
}

/** Whether a list is in groups, the best first: it has a beginning that is of use. */
export const isGrouped = ({ df, k }: Entry): boolean => df >= GROUPED && k === undefined;

const INLINE = 128;
/** From here on lists are in groups, but for those of places. */
const GROUPED = 8192;
/** Words and pairs of as many records are no base. */
export const BASE = 65536;

/** Finds fingerprints in a bucket; gives the entries of those that are there. */
export const readBucket = (bucket: Uint8Array, wanted: Set<number>, records: number, codes: Codes): Map<number, Entry> => {
  const found = new Map<number, Entry>();
  const head = new Varints(bucket);
  const count = head.next();
  const base = head.next();
  if (count > bucket.length * 8) throw new Damaged("bucket");
  const bits = new Bits(bucket, head.at);
  const prints = new Uint32Array(count);
  bits.postings(count, 2 ** 26, prints, 0);
  let last = -1;
  for (let i = 0; i < count; i += 1) if (wanted.has(prints[i]!)) last = i;
  if (last < 0) return found;
  const docs = new Uint32Array(INLINE);
  const says = new Uint16Array(INLINE);
  let offset = base;
  for (let i = 0; i <= last; i += 1) {
    const print = prints[i]!;
    let df = bits.gamma();
    let are = bits.bits(2);
    let count = df;
    const word = are === PLACES ? bits.bits(1) : 0;
    // Places are told by the parameter of their code plus 1, with levels plus 2, without places 1.
    let k: number | undefined = are & PLACES ? bits.gamma() - are + 1 : -1;
    if (k === BEST_PARAMETER) {
      are = BEST;
      k = -1;
      count = BEST_RECORDS;
      df -= 1;
    }
    if (k < 0) k = undefined;
    if (df > records || k! > 15) throw new Damaged("count");
    if (count <= INLINE) {
      bits.postings(count, records, docs, 0, says, codes[are], k);
      if (wanted.has(print))
        found.set(print, { df, are, word, k, offset, bytes: 0, postings: { docs: docs.slice(0, count), says: says.slice(0, count) } });
    } else {
      const bytes = bits.gamma();
      if (wanted.has(print)) found.set(print, { df, are, word, k, offset, bytes });
      offset += bytes;
    }
  }
  return found;
};

/** A list as far as it is here. */
export interface List extends Postings {
  /** Where its groups begin. */
  starts?: number[];
  /** Whether nothing is missing. */
  whole: boolean;
}

/** Reads a list from its first bytes. Record numbers rise only where the list is not in groups. */
export const readList = (bytes: Uint8Array, entry: Entry, records: number, codes: Codes): List => {
  const { df, are, k } = entry;
  const docs = new Uint32Array(df);
  const says = new Uint16Array(df);
  if (!isGrouped(entry)) {
    new Bits(bytes, 0).postings(df, records, docs, 0, says, codes[are], k);
    return { docs, says, whole: true };
  }
  const starts = [];
  let at = 0;
  let have = 0;
  let floor = 65536;
  while (at + 2 <= bytes.length) {
    const worth = bytes[at]! | (bytes[at + 1]! << 8);
    const head = new Varints(bytes, at + 2);
    let count: number, size: number;
    try {
      count = head.next();
      size = head.next();
    } catch {
      break; // The head itself is cut.
    }
    if (head.at + size > bytes.length) break;
    if (worth >= floor || have + count > df) throw new Damaged("group");
    new Bits(bytes.subarray(head.at, head.at + size), 0).postings(count, records, docs, have);
    says.fill(worth, have, have + count);
    starts.push(have);
    have += count;
    floor = worth;
    at = head.at + size;
  }
  const whole = at >= entry.bytes;
  if (whole && have !== df) throw new Damaged("list");
  return { docs: docs.subarray(0, have), says: says.subarray(0, have), starts, whole };
};
