// Bytes of the index over HTTP: ranges where the host does them right, whole files otherwise.
// Nothing is asked for twice: what came is kept, what is under way is waited for, and files never
// change, so the browser's own cache may keep them too.

import { Damaged } from "./bits.ts";

/** Bytes that are kept in memory, most recent first. */
const KEPT = 96 << 20;
/** Ranges so close together are one request. */
const GAP = 4096;

/** A stretch of a file, or of a stream cut into files. */
export interface Range {
  file: string;
  from: number;
  to: number;
}

export interface Cost {
  requests: number;
  bytes: number;
}

export class Files {
  readonly cost: Cost = { requests: 0, bytes: 0 };
  /** Whether the host gives whole files only. */
  plain = false;
  readonly #kept = new Map<string, { loading: Promise<Uint8Array>; bytes: number }>();
  #held = 0;

  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** A whole file. `fresh`: ask the server whether it changed. */
  async whole(path: string, fresh = false): Promise<Uint8Array> {
    const get = async () => this.#body(await this.#request(path, fresh ? { cache: "no-cache" } : {}));
    return fresh ? get() : this.#keep(path, get);
  }

  /** Several ranges at once, in the order given. */
  async ranges(wanted: Range[]): Promise<Uint8Array[]> {
    // One after another in their file, so that neighbours can be asked for together.
    const order = wanted.map((range, at) => ({ ...range, at })).filter((range) => range.to > range.from);
    order.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.from - b.from));
    const found: Uint8Array[] = wanted.map(() => new Uint8Array());
    const jobs: Promise<void>[] = [];
    for (let i = 0; i < order.length; ) {
      const first = order[i]!;
      let to = first.to;
      const group = [];
      for (; i < order.length; i += 1) {
        const next = order[i]!;
        if (next.file !== first.file || (group.length > 0 && next.from > to + GAP) || (group.length > 0 && this.#has(next))) break;
        group.push(next);
        to = Math.max(to, next.to);
        if (this.#has(next)) {
          i += 1;
          break;
        }
      }
      const whole = this.plain
        ? this.whole(first.file).then((bytes) => ({ bytes, start: 0 }))
        : this.#keep(key(first.file, first.from, to), () => this.#range(first.file, first.from, to)).then((bytes) => ({ bytes, start: first.from }));
      for (const { at, from, to } of group)
        jobs.push(whole.then(({ bytes, start }) => {
          if (bytes.length < to - start) throw new Damaged("file");
          found[at] = bytes.subarray(from - start, to - start);
        }));
    }
    await Promise.all(jobs);
    return found;
  }

  #has({ file, from, to }: Range): boolean {
    return this.#kept.has(this.plain ? file : key(file, from, to));
  }

  #keep(name: string, load: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const known = this.#kept.get(name);
    const one = known ?? { loading: load(), bytes: 0 };
    this.#kept.delete(name);
    this.#kept.set(name, one);
    if (!known)
      one.loading.then(
        (bytes) => {
          this.#held += one.bytes = bytes.length;
          for (const [oldest, { bytes }] of this.#kept) {
            if (this.#held <= KEPT || oldest === name) break;
            this.#held -= bytes;
            this.#kept.delete(oldest);
          }
        },
        () => this.#kept.delete(name),
      );
    return one.loading;
  }

  #request(path: string, options: RequestInit): Promise<Response> {
    this.cost.requests += 1;
    const url = `${this.#root}/${path}`;
    return fetch(url, options)
      // Without a network, what was seen before is as good.
      .catch(() => fetch(url, { ...options, cache: "force-cache" }))
      .catch(() => { throw new Error("no connection"); });
  }

  async #body(answer: Response): Promise<Uint8Array> {
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    this.cost.bytes += bytes.length;
    return bytes;
  }

  async #range(file: string, from: number, to: number): Promise<Uint8Array> {
    const answer = await this.#request(file, { headers: { Range: `bytes=${from}-${to - 1}` } });
    const bytes = await this.#body(answer);
    if (answer.status === 206) {
      const range = answer.headers.get("Content-Range")?.startsWith(`bytes ${from}-${to - 1}/`);
      const coded = answer.headers.get("Content-Encoding");
      if (range && (coded === null || coded === "identity") && bytes.length === to - from) return bytes;
    } else {
      // The file came whole.
      this.plain = true;
      void this.#keep(file, () => Promise.resolve(bytes));
      return bytes.subarray(from, to);
    }
    // A range of something else, or a part of a compressed answer: never trust it again.
    this.plain = true;
    return (await this.whole(file)).subarray(from, to);
  }
}

const key = (file: string, from: number, to: number) => `${file}:${from}-${to}`;

/** What was made for a key, or is made now: again only where it failed. */
export const once = <K, V>(made: Map<K, Promise<V>>, key: K, make: () => Promise<V>): Promise<V> => {
  let known = made.get(key);
  if (!known) {
    known = make();
    known.catch(() => made.delete(key));
    made.set(key, known);
  }
  return known;
};

/** Pieces one after another. */
export const joined = (pieces: Uint8Array[]): Uint8Array => {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  pieces.reduce((at, piece) => (whole.set(piece, at), at + piece.length), 0);
  return whole;
};

/** Undoes raw deflate. `dictionary`: what the stream may refer back to. */
export const inflate = async (bytes: Uint8Array, dictionary?: Uint8Array): Promise<Uint8Array> => {
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const size = dictionary?.length ?? 0;
  const failed = (async () => {
    // The interface takes no dictionary: a stored block leaves it in the window.
    if (dictionary && size > 0) {
      await writer.write(new Uint8Array([0, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255]));
      await writer.write(dictionary as Uint8Array<ArrayBuffer>);
    }
    await writer.write(bytes as Uint8Array<ArrayBuffer>);
    await writer.close();
  })();
  failed.catch(() => {}); // The reader says so.
  return new Uint8Array(await new Response(stream.readable).arrayBuffer()).subarray(size);
};
