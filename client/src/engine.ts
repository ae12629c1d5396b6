// Questions to answers: docs/search-format.md. Three rounds that wait for one another: buckets of
// the dictionary and words, lists, cards. Where a list is long, its best part comes first, and the rest in a
// second stage; an answer says which of the two it is.

import { RUN, stem, tokens } from "./analyse.ts";
import { BASE, BEST, Damaged, STEM, isGrouped, readBucket, readList, type Entry, type List } from "./bits.ts";
import { Files, joined, once } from "./files.ts";
import { mark, marksOf } from "./mark.ts";
import { bare, Best, Room, size, type Found, type Matches, type Passing, type Records, type Segment } from "./match.ts";
import { basesOf, parse, rows, type Parsed, type Part } from "./query.ts";
import type { Answer, Facet, FacetValue, Question } from "./protocol.ts";
import { decoder, Tier, type Card, type TierMeta } from "./tier.ts";
import { Words, type Place } from "./words.ts";

/** Results a page, and the last that can be turned to. */
const PAGE = 10;
const LAST = 100;
/** Bytes of lists that a first answer may cost, and, without phrases, of these with what was read before; those that
 * do not fit share what is left, each at least so much, and at most that in a question of one part or with a phrase, where more changes little. */
const FIRST = 96 << 10;
const BEFORE = 106 << 10;
const LEAST = 8 << 10;
const MOST = 32 << 10;
/** Where two words have more postings, their best records are told, and of lists
 * so many bytes are read beside them, for the facets. */
const TOGETHER = 64 << 10;
const BESIDE = 32 << 10;
/** Words that a prefix stands for; best records of a phrase whose cards are read. */
const PREFIXED = 32;
const READ = 50;
/** Of a first answer: requests before its cards, stems a prefix has at least, stems of a phrase
 * whose lists are read at most, those that a longer one is looked for by, cards for a phrase of two words and of more. */
const REQUESTS = 9;
const STEMS_AT_LEAST = 2;
const STEMS = 3;
const ROW = 5;
const CARDS_OF_TWO = 14;
const CARDS = 10;
/** Records whose dates are compared for one page, newest first. */
const CLOSE = 200;
/** Words that a record is asked for at once, at most: it is marked with how many it has, in a byte. */
const MARKED = 99;
/** Postings kept between questions. */
const KEPT = 6_000_000;
/** Communities that are counted. */
const COMMUNITIES = 30;
/** What a run says of its records, and where the values of that are. */
const VALUES = { type: "types", access: "access", licence: "licences" } as const;
type OfRun = keyof typeof VALUES;
const OF_RUN = Object.keys(VALUES) as OfRun[];
/** Dictionaries up to this size are worth a look for each community at once. */
const SMALL = 256 << 10;

interface Known {
  tier: Tier;
  entry: Entry | undefined;
  list: List | undefined;
  /** Of one whose list has places where others have records, that in whose list they are. */
  base?: Known | undefined;
  /** Records of the list that no longer count, as far as it is here. */
  dead: number;
  /** Bytes of the list that are here. */
  bytes: Uint8Array;
}

/** A part, its keys, and of a phrase the stems: those whose lists are read, those that it is looked for by. */
interface Expanded {
  part: Part;
  keys: string[];
  stems: string[];
  row?: string[];
}

/** What a question needs before cards. */
interface Gathered {
  expanded: Expanded[];
  keys: string[];
  /** Tiers in which the lists of the two words of a question are long, and the key of their best records. */
  long: Tier[];
  two: string;
  /** Whether a final answer reads more, and whether a prefix stands for all words. */
  more: boolean;
  all: boolean;
}

/** Awaits work, which is a round if it asks for anything. */
type Wave = <T>(work: () => Promise<T>) => Promise<T>;

/** One that was overtaken by the next question. */
export class Overtaken extends Error {}

/** Paths that a pointer may name: docs/search-format.md, "Pointer". */
const PATH = /^search\/[\w.-]+$/;

export class Engine {
  readonly files: Files;
  readonly #words: Words;
  #tiers: Tier[] = [];
  #opened = new Map<Tier, Promise<void>>();
  readonly #known = new Map<string, Known>();
  readonly #pagesRead = new Map<string, Promise<Card[]>>();
  readonly #rooms = new Map<boolean, Room>();
  readonly #days = new Map<Tier, Int16Array[]>();

  /** `kept`: postings kept between questions. */
  constructor(root: string, readonly kept = KEPT) {
    this.files = new Files(root);
    this.#words = new Words(this.files);
  }

  async open(): Promise<void> {
    const release = JSON.parse(decoder.decode(await this.files.whole("release.json", true))) as { search?: { path: string } | null };
    if (!release.search) throw new Error("this site has no index");
    const { path } = release.search;
    if (!PATH.test(path)) throw new Damaged("pointer");
    const pointer = JSON.parse(decoder.decode(await this.files.whole(path))) as
      { format: number; analyser: number; pack_bytes: number; tiers: TierMeta[] };
    if (pointer.format !== 9 || pointer.analyser !== 1) throw new Error("the index is newer than this page: reload");
    for (const { dir, dead } of pointer.tiers)
      if (!PATH.test(dir) || !PATH.test(dead?.path ?? dir)) throw new Damaged("pointer");
    this.#tiers = pointer.tiers.map((meta) => new Tier(this.files, meta, pointer.pack_bytes));
    await this.#ready(false);
  }

  /** The tiers that a question reads. */
  async #ready(all: boolean): Promise<Tier[]> {
    const tiers = this.#tiers.filter((tier) => all || !tier.meta.older);
    await Promise.all(tiers.map((tier) => once(this.#opened, tier, () => tier.open())));
    let base = 0;
    for (const tier of tiers) {
      tier.base = base;
      base += tier.meta.records;
    }
    if (!this.#rooms.has(all)) this.#rooms.set(all, new Room(tiers));
    return tiers;
  }

  get records(): number {
    return this.#tiers.reduce((sum, { meta, live }) => sum + (meta.older ? 0 : live), 0);
  }

  /** Gives one answer, or a first and then a final one. `alive`: whether anyone still waits. */
  async *answer(question: Question, alive: () => boolean, thrifty: boolean | undefined): AsyncGenerator<Omit<Answer, "kind" | "id">> {
    const wait = async <T>(work: Promise<T>): Promise<T> => {
      const done = await work;
      if (!alive()) throw new Overtaken();
      return done;
    };
    const parsed = parse(question.q);
    const all = question.all || parsed.all;
    const tiers = await wait(this.#ready(all));
    const before = { ...this.files.cost };
    let rounds = 0;
    const wave: Wave = async (work) => {
      const asked = this.files.cost.requests;
      const done = await wait(work());
      if (this.files.cost.requests > asked) rounds += 1;
      return done;
    };
    const sets = communities(question);
    const counting = this.#countable(tiers) ? largest(tiers).slice(0, COMMUNITIES) : [];
    const passing = tiers.map((tier) => passes(tier, parsed, question));
    const open = sets.length === 0 && passing.every((runs) => runs.every((run) => run === 1));
    for (let stage = 0; ; stage += 1) {
      const gathered = await this.#gather(tiers, parsed.parts, question, sets, counting, open, stage === 0, wave);
      const { keys, more, all: complete } = gathered;
      const plan = this.#plan(tiers, all, gathered, passing, open, question, sets, counting);
      let found = plan.find([]);
      const { asked, left } = plan.candidates(stage === 0);
      if (asked.length > 0) {
        // Cards of records in which a phrase must be looked for, and those that will be shown anyway.
        const cards = await wave(() => this.#cards(tiers, [...new Set([...asked, ...(plan.newest ? [] : found.top.slice(...plan.window))])]));
        found = plan.find([...cards].filter(([doc]) => asked.includes(doc)));
      }
      const page = plan.newest ? await this.#newest(tiers, found.top, plan.window, stage === 0, wave) : found.top.slice(...plan.window);
      const cards = await wave(() => this.#cards(tiers, page));
      const refining = (!(plan.whole || plan.told) || more || left || (plan.newest && found.top.length > page.length)) && !thrifty && stage === 0;
      const cost = this.files.cost;
      yield {
        hits: page.flatMap((doc) => this.#hit(tiers, doc, cards.get(doc), parsed)),
        total: found.total,
        exact: (plan.whole || plan.counts) && complete && !more,
        counted: plan.whole && complete && !more,
        refining,
        pages: Math.min(LAST, Math.ceil(found.total / PAGE)),
        facets: this.#facets(tiers, found, passing, parsed, question, counting),
        suggestion: undefined,
        direct: /^d:/.test(keys[0] ?? "") && keys.length === 1 && found.total === 1 ? cards.get(page[0]!)?.id : undefined,
        notes: notes(plan.unknown, complete || refining),
        cost: { rounds, requests: cost.requests - before.requests, bytes: cost.bytes - before.bytes },
      };
      if (!refining) return;
    }
  }

  /** Another spelling of a question that found little. */
  async suggest(question: Question, total: number): Promise<string | undefined> {
    const { parts } = parse(question.q);
    const tiers = await this.#ready(question.all);
    let text = question.q;
    for (const token of new Set(tokens(question.q))) {
      const isUsed = parts.some((part) => part.kind === "word" && part.key.replace(/^[tnk]:/, "") === (/^n:/.test(part.key) ? token : stem(token)));
      const records = this.#frequency(tiers, stem(token));
      if (!isUsed || records > (total > 0 ? 2 : 50)) continue;
      const other = await this.#words.near(tiers, token, Math.max(2, records * 10));
      if (other === undefined) continue;
      const at = [...text.matchAll(RUN)].find(([run]) => tokens(run)[0] === token);
      if (at) text = text.slice(0, at.index) + other + text.slice(at.index + at[0].length);
    }
    return text === question.q ? undefined : text;
  }

  /** The question with its last word completed. */
  async complete(text: string): Promise<string[]> {
    const found = /[\p{Alphabetic}\p{N}\p{M}]{2,}$/u.exec(text);
    const prefix = found && tokens(found[0]);
    if (!found || prefix?.length !== 1) return [];
    const { words } = await this.#words.beginning(await this.#ready(false), prefix[0]!);
    return words.slice(0, 8).map(({ word }) => text.slice(0, found.index) + word);
  }

  // Keys and lists.

  #of(tier: Tier, key: string): Known | undefined {
    return this.#known.get(name(tier, key));
  }

  #frequency(tiers: Tier[], key: string): number {
    return tiers.reduce((sum, tier) => {
      const known = this.#of(tier, key);
      return sum + (known?.entry ? known.entry.df - known.dead : 0);
    }, 0);
  }

  /** Reads the lists of a question, in two rounds: buckets and words, lists. */
  async #gather(tiers: Tier[], parts: Part[], question: Question, sets: string[], counting: [string, string, number][], open: boolean, first: boolean, wave: Wave): Promise<Gathered> {
    const expanded = parts.map((part): Expanded => keysOf(part, first));
    const plain = expanded.flatMap(({ keys }) => keys);
    const own = new Set([...plain, ...plain.flatMap(basesOf)]);
    const knownOf = (keys: Iterable<string>, of = tiers) => [...keys].flatMap((key) => of.flatMap((tier) => this.#of(tier, key) ?? []));
    if (first) this.#forget(knownOf(own));
    const counted = counting.map(([slug]) => `c:${slug}`);
    // Needed whole: what is left out, and what is only counted.
    const whole = new Set([...sets, ...counted, ...expanded.filter(({ part }) => part.occur === "not").flatMap(({ keys }) => keys)]);
    const newest = question.sort === "newest" || !parts.some(({ occur }) => occur !== "not");
    // What is asked for counts, not what hosts send beside it.
    let left = BEFORE;
    const prefixed = expanded.flatMap(({ part, keys }) => (part.kind === "prefix" ? [{ keys, word: part.word }] : []));
    const found = await wave(async () => {
      // Days are a table: with the first round, and once.
      const dated = newest ? tiers.map(async (tier) => this.#days.set(tier, await tier.days())) : [];
      const words = prefixed.map(({ word }) => this.#words.beginning(tiers, word));
      const [bytes] = await Promise.all([this.#look(tiers, [...own, ...sets, ...counted]), ...dated]);
      left -= bytes;
      return Promise.all(words);
    });
    let [more, all] = [false, true];
    found.forEach(({ words, requests, bytes }, at) => {
      left -= bytes;
      const { keys } = prefixed[at]!;
      const room = Math.floor(Math.max(0, REQUESTS - requests - 2 * own.size) / prefixed.length);
      const most = first ? Math.max(STEMS_AT_LEAST, room) : PREFIXED;
      all &&= words.length <= PREFIXED;
      for (const { word, places } of words.slice(0, PREFIXED)) {
        const key = stem(word);
        if (!keys.includes(key)) {
          more ||= keys.length >= most;
          if (keys.length >= most) continue;
          keys.push(key);
        }
        for (const [tier, place] of places) this.#place(tier, key, place);
      }
    });
    const keys = [...new Set([...expanded.flatMap(({ keys }) => keys), ...sets])];
    const bases = tiers.flatMap((tier) => this.#bases(tier, plain));
    const rare = keys.filter((key) => tiers.some((tier) => !this.#of(tier, key)));
    const wanted = tiers.flatMap((tier) =>
      knownOf([...sets, ...counted, ...expanded.flatMap((one) => (one.row ? [...one.stems, ...this.#told(tier, one)] : one.keys))], [tier]));
    // Two words, best first, all records.
    const words = parts.map((part) => (part.kind === "word" && part.occur === "should" ? part.key : "")).sort();
    const long = open && !newest && words.length === 2 && words.every((word) => /^[^:]+$/.test(word)) ? tiers.filter((tier) => this.#isLong(tier, words)) : [];
    const two = `b:${words.join(" ")}`;
    // Of a phrase a list that is cut short leaves out records that have it.
    const hasPhrase = expanded.some(({ row }) => row);
    if (hasPhrase) left = FIRST;
    const most = hasPhrase || !parts[1] ? MOST : FIRST;
    const room = Math.min(left, long.length > 0 ? BESIDE : FIRST);
    await wave(() => Promise.all([this.#load(wanted, first && knownOf(whole), room, most, bases, long), this.#look(tiers, rare), this.#look(long, [two])]));
    // A tier that does not know a word may have a list of its stem all the same.
    if (rare[0]) await wave(() => this.#load(knownOf(rare), first && knownOf(whole), room, most));
    return { expanded, keys, long, two, more: more || expanded.some(({ part, row }) => part.kind === "phrase" && part.stems[row!.length]), all };
  }

  /** In whose lists keys, pairs before three stems, have places. A key whose base shares its list is unknown. */
  #bases(tier: Tier, keys: string[]): Known[] {
    return keys.flatMap((key) => {
      const placed = this.#of(tier, key);
      if (placed?.entry?.k === undefined) return [];
      const name = basesOf(key)[placed.entry.word!]!;
      const base = this.#of(tier, name);
      const entry = base?.entry;
      // Pairs have no levels.
      if (entry && entry.df < BASE && (name.startsWith("p:") ? !(entry.are & STEM) : entry.are === STEM)) return [(placed.base = base)];
      placed.entry = placed.list = undefined;
      return [];
    });
  }

  /** Of each pair of a phrase what tells it in a tier: three stems, if they are a key there, as where these are their pairs are. */
  #told(tier: Tier, { row = [] }: Expanded): string[] {
    const three = rows(row, 3);
    return rows(row, 2).map((pair, at) => [three[at], three[at - 1]].find((key) => key && this.#of(tier, key)?.entry) ?? pair);
  }

  /** The records that have a phrase, as far as its pairs tell, with the scores of `stems`; whether all lists of these are here.
   * `likely`: also those that have what could be read. */
  #rows(tiers: Tier[], phrase: Expanded, room: Room, stems: Segment[][] = [], likely = false): { both: Segment[]; whole: boolean } {
    const told = tiers.map((tier) => this.#told(tier, phrase).map((key) => this.#segments([tier], key)));
    const use = (of: typeof told[0], one: typeof of[0]) => (likely && !one.whole && of.find(({ whole }) => whole)) || one;
    const lists = (told[0] ?? []).map((_, at) => told.flatMap((of) => use(of, of[at]!).segments));
    if (phrase.stems.length > 0) for (const one of lists.flat()) one.weight = 0;
    return { both: room.gather(lists, stems), whole: told.flat().every(({ whole }) => whole) };
  }

  /** Whether two words have their best records told. */
  #isLong(tier: Tier, [a, b]: string[]): boolean {
    const { frequent } = tier.meta;
    const records = (key: string): number => {
      const df = this.#of(tier, key)?.entry?.df ?? 0;
      return frequent && df >= frequent ? df : NaN;
    };
    return records(a!) + records(b!) > TOGETHER;
  }

  /** Takes what a word says of the list of its stem. */
  #place(tier: Tier, key: string, { df, offset, bytes }: Place): void {
    if (this.#of(tier, key)) return;
    if (!(df <= tier.meta.records)) throw new Damaged("words");
    const entry: Entry = { df, are: STEM, offset, bytes };
    this.#known.set(name(tier, key), { tier, entry, list: undefined, dead: 0, bytes: new Uint8Array() });
  }

  /** One round: the entries of keys. Returns the bytes asked for. */
  async #look(tiers: Tier[], keys: string[]): Promise<number> {
    const wanted = new Map<string, { tier: Tier; from: number; to: number; keys: Map<number, string> }>();
    for (const tier of tiers)
      for (const key of keys) {
        if (this.#of(tier, key)) continue;
        const { print, from, to } = tier.place(key);
        const bucket = name(tier, from);
        const there = wanted.get(bucket) ?? { tier, from, to, keys: new Map<number, string>() };
        there.keys.set(print, key);
        wanted.set(bucket, there);
      }
    const jobs = [...wanted.values()];
    const buckets = await this.#stretches(jobs.map(({ tier, from, to }) => ({ tier, stream: "dict", from, to })));
    jobs.forEach(({ tier, keys }, at) => {
      const entries = readBucket(tier.joined("dict", buckets[at]!), new Set(keys.keys()), tier.meta.records, tier.codes);
      for (const [print, key] of keys) {
        const entry = entries.get(print);
        const list = entry?.postings && { ...entry.postings, whole: true };
        this.#known.set(name(tier, key), { tier, entry, list, dead: deadIn(tier, list), bytes: new Uint8Array() });
      }
    });
    return jobs.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** One round: lists, those of `whole` to their ends, others as far as `room` goes, `most` of each; those in tiers that are not `long`, if some are, to their ends. */
  async #load(all: Known[], whole: Known[] | false, room: number, most: number, bases: Known[] = [], long: Tier[] = []): Promise<void> {
    const open = [...new Set([...all, ...bases])].flatMap((known) =>
      known.entry?.bytes && !known.list?.whole ? [{ known, entry: known.entry }] : []);
    open.sort((a, b) => a.entry.bytes - b.entry.bytes);
    let spent = 0;
    const jobs = open.flatMap(({ known, entry }, at) => {
      const fits = !whole || !isGrouped(entry) || [...whole, ...bases].includes(known) || spent + entry.bytes <= room || (long.length > 0 && !long.includes(known.tier));
      const have = known.bytes.length;
      const share = Math.floor((room - spent) / (open.length - at));
      const end = fits ? entry.bytes : Math.min(entry.bytes, most, Math.max(share, LEAST));
      // Without levels a list is one group, and its beginning nothing.
      const to = entry.are || end === entry.bytes ? end : 0;
      spent += to;
      return to > have ? [{ known, entry, from: entry.offset + have, to: entry.offset + to, have }] : [];
    });
    const parts = await this.#stretches(jobs.map(({ known, from, to }) => ({ tier: known.tier, stream: "lists", from, to })));
    jobs.forEach(({ known, entry, have }, at) => {
      // Another question may have brought it meanwhile.
      if (known.bytes.length !== have || known.list?.whole) return;
      const bytes = new Uint8Array(have + parts[at]!.length);
      bytes.set(known.bytes);
      bytes.set(parts[at]!, have);
      known.list = readList(bytes, entry, known.tier.meta.records, known.tier.codes);
      known.dead = deadIn(known.tier, known.list);
      known.bytes = known.list.whole ? new Uint8Array() : bytes;
    });
    const place = (placed: Known): void => {
      const { base, list } = placed;
      if (!base || !list) return;
      place(base);
      placed.entry!.k = undefined;
      // Records where there are places: one beyond the list is of another key, whose entry this is.
      const from = base.list?.docs.slice().sort() ?? [];
      if (list.docs.some((place) => place >= from.length)) placed.entry = placed.list = undefined;
      list.docs.forEach((place, at, docs) => (docs[at] = from[place]!));
      placed.dead = deadIn(placed.tier, placed.list);
      placed.base = undefined;
    };
    all.forEach(place);
  }

  /** Lets go of the oldest lists, but for those in `used`: before a question, which needs its own to the end. */
  #forget(used: Known[]): void {
    let held = 0;
    for (const [key, known] of [...this.#known].reverse()) {
      held += known.list?.docs.length ?? 0;
      if (held > this.kept && !used.includes(known)) this.#known.delete(key);
    }
  }

  async #stretches(wanted: { tier: Tier; stream: string; from: number; to: number }[]): Promise<Uint8Array[]> {
    const cut = wanted.map(({ tier, stream, from, to }) => tier.pieces(stream, from, to));
    const bytes = await this.files.ranges(cut.flat());
    let at = 0;
    return cut.map((pieces) => joined(bytes.slice(at, (at += pieces.length))));
  }

  // Matching.

  /** What is known of a key, as segments; `idf` is over all tiers that are read. */
  #segments(tiers: Tier[], key: string): { segments: Segment[]; whole: boolean; df: number; idf: number } {
    const records = tiers.reduce((sum, { live }) => sum + live, 0);
    const df = this.#frequency(tiers, key);
    const idf = Math.log(1 + (records - df + 0.5) / (df + 0.5));
    let whole = true;
    const segments = tiers.flatMap((tier) => {
      const { entry, list } = this.#of(tier, key) ?? {};
      if (entry) whole &&= list?.whole ?? false;
      return entry && list ? [{ base: tier.base, ...list, weight: idf }] : [];
    });
    return { segments, whole, df, idf };
  }

  /** Of two words whose lists are not read whole where they are `long`: the `wanted` best records, and how many have one of them. */
  #bestOfTwo(tiers: Tier[], words: Expanded[], { long, two }: Gathered, room: Room, passing: Passing, wanted: number): { top: number[]; total: number } | undefined {
    const told = long.map((tier) => this.#of(tier, two)!);
    if (told.some(({ entry, list, dead }) => entry?.are !== BEST || !list || list.docs.length - dead < wanted)) return undefined;
    const own = words.map(({ keys }) => this.#segments(tiers, keys[0]!));
    const segments = own.flatMap(({ segments }) => segments.filter(({ base }) => !long.some((tier) => tier.base === base)));
    let more = 0;
    for (const { tier, entry, list, dead } of told) {
      segments.push({ base: tier.base, ...list!, weight: own[0]!.idf + own[1]!.idf });
      more += dead - list!.docs.length - entry!.df - tier.meta.records + tier.live;
      for (const { keys } of words) more += this.#of(tier, keys[0]!)!.entry!.df;
    }
    const { top, total } = room.find([{ occur: "should", segments }], passing, [], [], wanted);
    return { top, total: total + more };
  }

  #plan(tiers: Tier[], all: boolean, gathered: Gathered, passing: Passing, open: boolean, question: Question, sets: string[], counting: [string, string, number][]) {
    const { expanded, long } = gathered;
    const room = this.#rooms.get(all) ?? new Room(tiers);
    const fixed = sets[0] ? [sets.flatMap((key) => this.#segments(tiers, key).segments)] : [];
    const count = counting.map(([slug]) => this.#segments(tiers, `c:${slug}`).segments);
    const positive = expanded.some(({ part }) => part.occur !== "not");
    const unknown = expanded.filter((one) => one.row && !tiers.every((tier) => this.#knows(tier, one)));
    const phrases = unknown.filter(({ part }) => part.occur !== "not");
    const start = (question.page - 1) * PAGE;
    const wanted = Math.min(start + PAGE, LAST * PAGE);
    const first = this.#matches(tiers, expanded, [], room);
    // One record has no order: nothing but what tells it need be here.
    const isOne = !expanded[1] && expanded[0]?.row && !unknown[0] && size(first[0]!.segments) < 2;
    const whole = (isOne || first.every((part) => part.whole)) && sets.every((key) => this.#segments(tiers, key).whole);
    const told = whole || long.length === 0 ? undefined : this.#bestOfTwo(tiers, expanded, gathered, room, passing, wanted);
    /** The number of records is known although the list is not. */
    const counts = open && tiers.every(({ meta }) => !meta.dead) && (told || (!expanded[1] && expanded[0]?.part.kind === "word"));
    const newest = question.sort === "newest" || !positive;
    const find = (read: [number, Card | undefined][]): Found => {
      const parts: Records[] = read.length > 0 ? this.#matches(tiers, expanded, read, room) : first;
      if (!positive) {
        // Filters alone match everything they leave.
        const base = fixed[0] ? union(fixed[0]) : tiers.map((tier) => everything(tier));
        parts.push({ occur: "must", segments: base });
      }
      const found = room.find(parts, passing, positive ? fixed : [], count, wanted, newest ? (docs) => this.#latest(tiers, docs, wanted) : undefined);
      if (told) Object.assign(found, told);
      else if (counts && !whole) found.total = this.#segments(tiers, expanded[0]!.keys[0]!).df;
      return found;
    };
    /** Records whose cards may show a phrase; whether a final answer looks at more. */
    const candidates = (first: boolean): { asked: number[]; left: boolean } => {
      let left = false;
      const asked = phrases.flatMap((phrase) => {
        const { likely, shown } = this.#likely(tiers, phrase, room);
        const most = !first ? READ : newest ? 0 : Math.max(0, (phrase.row![2] ? CARDS : CARDS_OF_TWO) - Math.min(PAGE, shown));
        left ||= likely.length > most;
        return likely.slice(0, most);
      });
      return { asked, left };
    };
    return { find, candidates, whole, told, counts, newest, unknown: unknown.length > 0, window: [start, start + PAGE] as [number, number] };
  }

  /** Parts as records. `read`: cards in which phrases were looked for. */
  #matches(tiers: Tier[], expanded: Expanded[], read: [number, Card | undefined][], room: Room): Matches[] {
    return expanded.map((phrase): Matches => {
      const { part, keys, stems: own } = phrase;
      const { occur } = part;
      if (part.kind === "word") return { occur, ...this.#segments(tiers, part.key) };
      const lists = (phrase.row ? own : keys).map((key) => this.#segments(tiers, key));
      let whole = lists.every((one) => one.whole);
      const segments = lists.map((one) => one.segments);
      if (part.kind === "prefix") return { occur, segments: segments.flat(), whole };
      if (part.kind === "field") return { occur, segments: room.gather(segments), whole };
      // A phrase: all its pairs, or seen on the card. Where the pairs are the words are, of whose
      // lists only the best may be known. That a pair is there says the same of all records, and of
      // a tier that does not have it as a key nothing: so only the stems count.
      const { both, ...told } = this.#rows(tiers, phrase, room, segments);
      whole &&= told.whole && !!own[0];
      const have = new Set(numbers(both));
      const seen = read.filter(([doc, card]) => card && !have.has(doc) && (follows(card.title, part.stems) || follows(card.text, part.stems)));
      const more = room.gather([[bare(0, Uint32Array.from(seen, ([doc]) => doc).sort())]], segments);
      return { occur, segments: [...both, ...more], whole };
    });
  }

  /** Whether the pairs of a phrase tell all records of a tier that have it. */
  #knows(tier: Tier, phrase: Expanded): boolean {
    return this.#told(tier, phrase).every((key) => {
      const known = this.#of(tier, key);
      return known?.entry ? known.list?.whole : tier.meta.phrases === "text";
    });
  }

  /**
   * The best records that have all words of a phrase, or those pairs that could be read, but not all
   * its pairs, of tiers whose pairs do not tell them all, and how many have these.
   */
  #likely(tiers: Tier[], phrase: Expanded, room: Room): { likely: number[]; shown: number } {
    const { stems } = phrase;
    // The cards tell the rest.
    const parts = [...new Set(stems)].slice(0, MARKED).map((key): Records => ({ occur: "must", ...this.#segments(tiers, key) }));
    if (!stems[0]) parts.push({ occur: "must", segments: this.#rows(tiers, phrase, room, [], true).both });
    // Those that have every pair are found anyway.
    const { both: segments } = this.#rows(tiers, phrase, room);
    parts.push({ occur: "not", segments });
    const open = tiers.map((tier) => new Uint8Array(tier.runs.count).fill(this.#knows(tier, phrase) ? 0 : 1));
    const likely = room.find(parts, open, [], [], READ).top;
    return { likely, shown: size(segments) };
  }

  // Newest first.

  /** Earliest and latest day a record can have, by what the tables say, and a guess. */
  #span(tiers: Tier[], doc: number): [number, number, number] {
    const tier = tiers[tierAt(tiers, doc)]!;
    const run = tier.run(doc - tier.base);
    const year = tier.runs.year[run]! * 400;
    const samples = this.#days.get(tier)?.[run];
    if (!samples) return [year, year + 399, year];
    const at = doc - tier.base - tier.runs.start[run]!;
    const late = samples[at >> 6]!;
    const early = samples[(at >> 6) + 1] ?? 0;
    const records = Math.min(64, tier.runs.start[run + 1]! - tier.runs.start[run]! - (at & ~63));
    // As if they were at even distances.
    const guess = late - ((((late - early) * (at % 64)) / records) | 0);
    return [year + (at % 64 === 0 ? late : early), year + late, year + guess];
  }

  /** Records that may be among the `wanted` newest. */
  #latest(tiers: Tier[], docs: number[], wanted: number): number[] {
    const spans = { early: new Int32Array(docs.length), late: new Int32Array(docs.length) };
    const best = new Best(wanted);
    for (let i = 0; i < docs.length; i += 1) {
      [spans.early[i], spans.late[i]] = this.#span(tiers, docs[i]!) as [number, number, number];
      best.offer(i, spans.early[i]!);
    }
    const last = best.least;
    const near = [];
    for (let i = 0; i < docs.length; i += 1) if (spans.late[i]! >= last) near.push(i);
    near.sort((a, b) => spans.late[b]! - spans.late[a]! || spans.early[b]! - spans.early[a]! || docs[a]! - docs[b]!);
    return near.map((i) => docs[i]!);
  }

  /**
   * The records from `start` to `end` of those that `latest` gave, by the dates on their cards: of
   * those that are likely the newest for a first answer, of all that can be for a final one.
   */
  async #newest(tiers: Tier[], near: number[], [start, end]: [number, number], first: boolean, wave: Wave): Promise<number[]> {
    // Runs are newest first: from one run come only its first `end`.
    const taken = new Map<string, number>();
    const ahead = [...near].sort((a, b) => a - b).filter((doc) => {
      const at = tierAt(tiers, doc);
      const run = `${at} ${tiers[at]!.run(doc - tiers[at]!.base)}`;
      taken.set(run, (taken.get(run) ?? 0) + 1);
      return taken.get(run)! <= end;
    });
    const spans = new Map(ahead.map((doc) => [doc, this.#span(tiers, doc)]));
    const order = (docs: number[], day: (doc: number) => number) => docs.sort((a, b) => day(b) - day(a) || a - b);
    order(ahead, (doc) => spans.get(doc)![2]);
    const likely = ahead.slice(first ? start : 0, end);
    const read = await wave(() => this.#cards(tiers, likely));
    const dayOf = (cards: Map<number, Card | undefined>) => (doc: number): number => {
      const year = Math.floor(spans.get(doc)![1] / 400) * 400;
      const date = /^-?\d+(?:-(\d\d))?(?:-(\d\d))?/.exec(cards.get(doc)?.date ?? "");
      return date ? year + (Number(date[1] ?? 1) - 1) * 31 + Number(date[2] ?? 1) - 1 : year;
    };
    if (first) return order(likely, dayOf(read));
    const last = Math.min(...likely.map(dayOf(read)));
    const rest = order(ahead.slice(end).filter((doc) => spans.get(doc)![1] >= last), (doc) => spans.get(doc)![1]).slice(0, CLOSE);
    const cards = new Map([...read, ...(await wave(() => this.#cards(tiers, rest)))]);
    return order([...likely, ...rest], dayOf(cards)).slice(start, end);
  }

  // Cards.

  async #cards(tiers: Tier[], docs: number[]): Promise<Map<number, Card | undefined>> {
    const jobs: { tier: Tier; page: number; name: string }[] = [];
    const pageOf = (doc: number) => {
      const tier = tiers[tierAt(tiers, doc)]!;
      const page = Math.floor((doc - tier.base) / tier.meta.page_records);
      return { tier, page, name: name(tier, page) };
    };
    for (const doc of docs) {
      const job = pageOf(doc);
      if (!this.#pagesRead.has(job.name) && !jobs.some(({ name }) => name === job.name)) jobs.push(job);
    }
    const places = await Promise.all(jobs.map(({ tier, page }) => tier.page(page)));
    const bytes = this.#stretches(jobs.map(({ tier }, at) => ({ tier, stream: "cards", ...places[at]! })));
    jobs.forEach(({ tier, name }, at) => {
      const read = bytes.then((pages) => tier.cards(pages[at]!));
      read.catch(() => this.#pagesRead.delete(name));
      this.#pagesRead.set(name, read);
    });
    const found = new Map<number, Card | undefined>();
    await Promise.all(docs.map(async (doc) => {
      const { tier, page, name } = pageOf(doc);
      found.set(doc, (await this.#pagesRead.get(name))?.[doc - tier.base - page * tier.meta.page_records]);
    }));
    return found;
  }

  #hit(tiers: Tier[], doc: number, card: Card | undefined, parsed: Parsed): Answer["hits"] {
    if (!card) return [];
    const tier = tiers[tierAt(tiers, doc)]!;
    const run = tier.run(doc - tier.base);
    const marks = marksOf(parsed);
    return [{
      id: card.id,
      title: mark(card.title, marks),
      creators: card.creators,
      more: card.more,
      date: card.date,
      type: valueOf(tier, "type", run),
      access: valueOf(tier, "access", run),
      licence: valueOf(tier, "licence", run),
      version: card.version,
      snippet: mark(card.text, marks),
    }];
  }

  // Facets.

  /** Whether looking up each community costs little. */
  #countable(tiers: Tier[]): boolean {
    return tiers.reduce((sum, { meta }) => sum + meta.streams.dict!, 0) <= SMALL;
  }

  #facets(tiers: Tier[], found: Found, passing: Passing, parsed: Parsed, question: Question, counting: [string, string, number][]): Answer["facets"] {
    const facets: Answer["facets"] = {};
    for (const facet of [...OF_RUN, "year"] as const) {
      const sums = new Map<string, number>();
      tiers.forEach((tier, at) => {
        const others = question.filters[facet] ? passes(tier, parsed, question, facet) : passing[at]!;
        const runs = found.byRun[at]!;
        for (let run = 0; run < runs.length; run += 1) {
          if (runs[run] === 0 || !others[run]) continue;
          const id = valueOf(tier, facet, run);
          if (id !== "") sums.set(id, (sums.get(id) ?? 0) + runs[run]!);
        }
      });
      const values = [...sums].map(([id, count]): FacetValue => ({ id, label: id, count }));
      values.sort((a, b) => (facet === "year" ? Number(b.id) - Number(a.id) : b.count - a.count || (a.id < b.id ? -1 : 1)));
      facets[facet] = values;
    }
    const communities = counting.map(([slug, title], at) => ({ id: slug, label: title || slug, count: found.counted[at]! })).filter(({ count }) => count > 0);
    if (communities.length > 0) facets.community = communities.sort((a, b) => b.count - a.count);
    return facets;
  }
}

/** The keys of a part; those of a prefix are not known yet. */
const keysOf = (part: Part, first: boolean): Expanded => {
  if (part.kind === "word") return { part, keys: [part.key], stems: [] };
  if (part.kind === "prefix") return { part, keys: [], stems: [] };
  if (part.kind === "field") return { part, keys: [...part.keys, ...part.pairs], stems: [] };
  const isLong = first && part.stems.length > STEMS;
  const row = isLong ? part.stems.slice(0, ROW) : part.stems;
  const stems = isLong ? [] : row;
  return { part, keys: [...stems, ...rows(row, 2), ...rows(row, 3)], stems, row };
};

/** What a reader should know of how the question was understood. */
const notes = (unknown: boolean, complete: boolean): string[] => [
  ...(unknown ? ["Phrases in no title are found only where descriptions begin."] : []),
  ...(complete ? [] : [`The ${PREFIXED} most frequent words that begin so are searched.`]),
];

/** How many records of a list no longer count. */
const deadIn = ({ meta, isDead }: Tier, list: List | undefined): number =>
  list && meta.dead ? list.docs.reduce((sum, doc) => sum + isDead[doc]!, 0) : 0;

/** The communities of all tiers, those with most records first. */
const largest = (tiers: Tier[]): [string, string, number][] => {
  const sums = new Map<string, [string, string, number]>();
  for (const { values } of tiers)
    for (const [slug, title, records] of values.communities) sums.set(slug, [slug, title, records + (sums.get(slug)?.[2] ?? 0)]);
  return [...sums.values()].sort((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1));
};

const name = (tier: Tier, key: string | number) => `${tier.meta.dir} ${key}`;

const tierAt = (tiers: Tier[], doc: number): number => {
  let at = tiers.length - 1;
  while (at > 0 && tiers[at]!.base > doc) at -= 1;
  return at;
};

const communities = (question: Question): string[] => (question.filters.community ?? []).map((slug) => `c:${slug.toLowerCase()}`);

const valueOf = (tier: Tier, facet: OfRun | "year", run: number): string => {
  const { runs, values } = tier;
  if (facet !== "year") return values[VALUES[facet]][runs[facet][run]!] ?? "";
  const year = runs.year[run]!;
  return year < 0 ? "" : String(year);
};

/** Of a tier's runs, those that pass every filter but what is chosen of one facet. */
const passes = (tier: Tier, parsed: Parsed, { filters, from, to }: Question, but?: Facet): Uint8Array => {
  const { runs } = tier;
  // What is asked of a value is asked once, not in each of its runs.
  const good = OF_RUN.map((facet) => {
    const own = parsed.wanted.filter((one) => one.facet === facet);
    const only = own.filter((one) => !one.not);
    const chosen = facet === but ? undefined : filters[facet];
    return tier.values[VALUES[facet]].map((text) => {
      const value = text.toLowerCase();
      const is = (wanted: string) => value === wanted || (facet === "type" && value.startsWith(`${wanted}-`));
      return (!chosen || chosen.some((one) => is(one.toLowerCase())))
        && (only.length === 0 || only.some((one) => is(one.value)))
        && !own.some((one) => one.not && is(one.value));
    });
  });
  const only = parsed.years.filter((span) => !span.not);
  const chosen = but === "year" ? undefined : filters.year;
  return Uint8Array.from(runs.year, (year, run) => {
    const inside = ({ from = -Infinity, to = Infinity }: { from: number | undefined; to: number | undefined }) => year >= 0 && year >= from && year <= to;
    return OF_RUN.every((facet, at) => good[at]![runs[facet][run]!])
      && (!chosen || chosen.includes(String(year)))
      && ((from === undefined && to === undefined) || inside({ from, to }))
      && (only.length === 0 || only.some(inside))
      && !parsed.years.some((span) => span.not && inside(span)) ? 1 : 0;
  });
};

const numbers = (segments: Segment[]): number[] => segments.flatMap(({ base, docs }) => [...docs].map((doc) => base + doc));

const union = (segments: Segment[]): Segment[] => [bare(0, Uint32Array.from(new Set(numbers(segments))).sort())];

const everything = (tier: Tier): Segment => bare(tier.base, Uint32Array.from({ length: tier.meta.records }, (_, record) => record));

/** Whether the stems follow each other in a text. */
const follows = (text: string, stems: string[]): boolean => {
  const own = tokens(text).map(stem);
  return own.some((_, at) => stems.every((one, next) => own[at + next] === one));
};
