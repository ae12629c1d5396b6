// What a reader typed, as parts that match or do not: docs/search-format.md, "Queries".

import { doi, orcid, stem, tokens } from "./analyse.ts";

export type Occur = "must" | "should" | "not";
/** `word`: one key. `prefix`: any of the words that begin so. `phrase`: stems one after another in
 * the text. `field`: all keys, and the pairs if tokens follow each other. */
export type Part = { occur: Occur } & (
  | { kind: "word"; key: string }
  | { kind: "prefix"; word: string }
  | { kind: "phrase"; stems: string[] }
  | { kind: "field"; keys: string[]; pairs: string[] }
);

/** Values of a facet that must or must not be. */
export interface Wanted {
  facet: "type" | "access" | "licence";
  value: string;
  not: boolean;
}

export interface Years {
  from: number;
  to: number;
  not: boolean;
}

export interface Parsed {
  parts: Part[];
  wanted: Wanted[];
  years: Years[];
  all: boolean;
}

const MOST = 32;

/** Field → what its words are looked up as. */
const SIGILS: Record<string, string> = {
  title: "t:", creators: "n:", creator: "n:", "creators.name": "n:", author: "n:", authors: "n:",
  keywords: "k:", keyword: "k:", subject: "k:", subjects: "k:", communities: "c:", community: "c:",
  doi: "d:", orcid: "o:", funder: "f:", award: "f:", grant: "f:", grants: "f:",
};
const FILTERS: Record<string, Wanted["facet"] | "year" | "versions"> = {
  type: "type", resource_type: "type", access: "access", access_right: "access", license: "licence",
  licence: "licence", year: "year", date: "year", publication_date: "year", versions: "versions",
};

/** The keys of so many stems in a row. */
export const rows = (stems: string[], count: number): string[] => stems.slice(count - 1).map((_, at) => `p:${stems.slice(at, at + count).join(" ")}`);
/** The keys in whose lists one may have its places: of two stems in a row these, of three their pairs, of a word of a field its stem. */
export const basesOf = (key: string): string[] => {
  const words = /^[ptkn]:/.test(key) ? key.slice(2).split(" ") : [];
  return key[0] === "n" ? words.map(stem) : words[2] ? rows(words, 2) : words;
};

/** A part as typed. */
interface Typed {
  sign: string;
  field: string;
  words: string;
  quoted: boolean;
}

/** A sign, a field, then quoted words, a span in brackets after a field, or a word. */
const PIECE = /([-+]?)(?:([\w.-]+):)?(?:"([^"]*)"?|([^\s()"]*))/y;
const SPAN = /\[[^\]]*\]?/y;

const typed = (text: string): Typed[] => {
  const found: Typed[] = [];
  for (let at = 0; at < text.length; ) {
    PIECE.lastIndex = at;
    const [piece, sign = "", field = "", quoted, bare = ""] = PIECE.exec(text)!;
    let words = quoted ?? bare;
    at += piece.length;
    if (field !== "" && words.startsWith("[")) {
      SPAN.lastIndex = at - words.length;
      words = SPAN.exec(text)![0];
      at = SPAN.lastIndex;
    }
    if (words !== "") found.push({ sign, field: field.toLowerCase(), words, quoted: quoted !== undefined });
    // White space and parentheses are between parts; so is what begins none.
    if (piece === "" || /[\s()]/.test(text[at] ?? "")) at += 1;
  }
  return found;
};

/** Of a date the year counts. */
const years = (text: string, not: boolean): Years | undefined => {
  const found = /^\[(.*?) TO (.*?)\]?$/.exec(text) ?? /^(.{0,4})-(\d{4}|\*|)$/.exec(text);
  const bound = (end: string, open: number) => (/^\s*\*?\s*$/.test(end) ? open : Number(/^\s*(\d{1,4})/.exec(end)?.[1] ?? NaN));
  const span = { from: bound(found?.[1] ?? text, -Infinity), to: bound(found?.[2] ?? text, Infinity), not };
  return Number.isNaN(span.from) || Number.isNaN(span.to) ? undefined : span;
};

export const parse = (text: string): Parsed => {
  const parsed: Parsed = { parts: [], wanted: [], years: [], all: false };
  const alone = doi(text) ? `d:${doi(text)}` : orcid(text) ? `o:${orcid(text)}` : undefined;
  if (alone !== undefined) {
    parsed.parts.push({ occur: "must", kind: "word", key: alone });
    return parsed;
  }
  const all = typed(text);
  const seen = new Set<string>();
  const is = (at: number, word: string) => {
    const one = all[at];
    return one !== undefined && one.words === word && !one.quoted && one.field === "" && one.sign === "";
  };
  all.forEach(({ sign, field, words, quoted }, at) => {
    if (["AND", "OR", "NOT"].some((word) => is(at, word))) return;
    const not = sign === "-" || is(at - 1, "NOT");
    const occur: Occur = not ? "not" : sign === "+" || is(at - 1, "AND") || is(at + 1, "AND") ? "must" : "should";
    const filter = Object.hasOwn(FILTERS, field) ? FILTERS[field] : undefined;
    if (filter === "year") {
      const span = years(words, not);
      if (span) parsed.years.push(span);
    } else if (filter === "versions" && words === "all") parsed.all = true;
    else if (filter && filter !== "versions") parsed.wanted.push({ facet: filter, value: words.toLowerCase(), not });
    else
      for (const part of partsOf(field, words, quoted, occur)) {
        const name = JSON.stringify({ ...part, occur: "" });
        if (seen.has(name)) continue;
        seen.add(name);
        parsed.parts.push(part);
      }
  });
  parsed.parts.splice(MOST);
  return parsed;
};

const partsOf = (field: string, text: string, quoted: boolean, occur: Occur): Part[] => {
  const sigil = field === "" ? "" : Object.hasOwn(SIGILS, field) ? SIGILS[field]! : undefined;
  const word = (key: string): Part => ({ occur, kind: "word", key });
  // Not a field of ours: "https:", "covid:".
  if (sigil === undefined) return partsOf("", `${field} ${text}`, quoted, occur);
  if (sigil === "c:") return [word(`c:${text.toLowerCase()}`)];
  if (sigil === "d:") return [word(`d:${doi(text) ?? text.toLowerCase()}`)];
  if (sigil === "o:") return [word(`o:${orcid(text) ?? text}`)];
  const all = tokens(text);
  const form = (token: string) => sigil + (sigil === "n:" || sigil === "f:" ? token : stem(token));
  if (all.length === 0) return [];
  if (sigil === "") {
    if (quoted && all.length > 1) return [{ occur, kind: "phrase", stems: all.map(stem) }];
    const last = !quoted && text.endsWith("*") ? all.pop() : undefined;
    const parts = all.map((token) => word(form(token)));
    return last === undefined ? parts : [...parts, { occur, kind: "prefix", word: last }];
  }
  if (!quoted || sigil === "f:") return all.map((token) => word(form(token)));
  if (sigil === "k:") return [word(`s:${all.join(" ")}`)];
  // Names are typed in any order.
  return [{ occur, kind: "field", keys: all.map(form), pairs: sigil === "n:" ? [] : rows(all.map(stem), 2) }];
};
