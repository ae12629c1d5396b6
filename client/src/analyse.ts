// Text to tokens: docs/search-format.md, "Analyser". Whoever makes the index does the same.

import { stem as english } from "./stem.ts";

const DROPPED =
  /[\u0300-\u036F\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E4\u06E7\u06E8\u06EA-\u06ED\u1AB0-\u1AFF\u1DC0-\u1DFF\u20D0-\u20FF\uFE20-\uFE2F\u00AD\u200B-\u200D\u2060\uFEFF]/g;
const LETTERS: Record<string, string> = {
  ß: "ss", æ: "ae", œ: "oe", ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", ı: "i", ħ: "h", ŧ: "t", ς: "σ",
};
/** Runs of letters, numbers and their marks. */
export const RUN = /[\p{Alphabetic}\p{N}\p{M}]+/gu;
const COUNTS = /[\p{Alphabetic}\p{N}]/u;
/** Scripts written without spaces. */
const PAIRED = "\u3005-\u3007\u3040-\u30FF\u3100-\u312F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\u{20000}-\u{3134F}";
const PARTS = new RegExp(`[${PAIRED}]+|[^${PAIRED}]+`, "gu");
const IS_PAIRED = new RegExp(`^[${PAIRED}]`, "u");
const LONGEST = 40;

/** One spelling for what reads alike. */
export const fold = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(DROPPED, "")
    // Character by character, so that no rule looks at neighbours.
    .replace(/[^\x00-@[-\x7F]/gu, (c) => c.toLowerCase())
    .replace(/[ßæœøłđðþıħŧς]/g, (c) => LETTERS[c]!)
    .normalize("NFC");

/** The tokens of a text, in order, unstemmed. */
export const tokens = (text: string): string[] => {
  const found: string[] = [];
  for (const [run] of fold(text).matchAll(RUN)) {
    if (!COUNTS.test(run)) continue;
    for (const [part] of run.matchAll(PARTS)) {
      const letters = [...part];
      if (!IS_PAIRED.test(part)) found.push(letters.length > LONGEST ? letters.slice(0, LONGEST).join("") : part);
      else if (letters.length === 1) found.push(part);
      else for (let at = 1; at < letters.length; at += 1) found.push(letters[at - 1]! + letters[at]!);
    }
  }
  return found;
};

/** The stem of a token. */
export const stem = (token: string): string => (/^[a-z]{3,}$/.test(token) ? english(token) : token);

/** The DOI that a text is, bare, in lower case. */
export const doi = (text: string): string | undefined => {
  const bare = text.trim().toLowerCase().replace(/^(?:https:\/\/)?(?:http:\/\/)?(?:dx\.)?(?:doi\.org\/)?(?:doi:)?\s*/, "");
  return /^10\.[\d.]{4,}\/\S+$/.test(bare) ? bare : undefined;
};

/** The ORCID that a text is, bare. */
export const orcid = (text: string): string | undefined => {
  const bare = text.trim().replace(/^(?:https:\/\/)?(?:http:\/\/)?(?:orcid\.org\/)?(?:orcid:)?/, "").toUpperCase();
  return /^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/.test(bare) ? bare : undefined;
};
