// The Snowball English stemmer ("Porter2", https://snowballstem.org/algorithms/english/stemmer.html),
// in the version that the index is made with. Checked against it on 100,000 words.

const EXCEPTIONS: Record<string, string> = {
  skis: "ski", skies: "sky", dying: "die", lying: "lie", tying: "tie", idly: "idl", gently: "gentl",
  ugly: "ugli", early: "earli", only: "onli", singly: "singl", sky: "sky", news: "news",
  howe: "howe", atlas: "atlas", cosmos: "cosmos", bias: "bias", andes: "andes",
};
const KEPT = /^(?:inn|out|cann)ing$|^(?:herr|earr)ing$|^(?:proc|exc|succ)eed$/;

const STEP2_TO: Record<string, string> = {
  tional: "tion", enci: "ence", anci: "ance", abli: "able", entli: "ent", izer: "ize", ization: "ize",
  ational: "ate", ation: "ate", ator: "ate", alism: "al", aliti: "al", alli: "al", fulness: "ful",
  ousli: "ous", ousness: "ous", iveness: "ive", iviti: "ive", biliti: "ble", bli: "ble", fulli: "ful",
  lessli: "less",
};
const STEP3_TO: Record<string, string> = {
  tional: "tion", ational: "ate", alize: "al", icate: "ic", iciti: "ic", ical: "ic", ful: "", ness: "",
};
/** The longest of these at the end: the first place where one begins. */
const endings = (...ends: string[]) => new RegExp(`(?:${ends.join("|")})$`);
const STEP2 = endings(...Object.keys(STEP2_TO), "ogi", "li");
const STEP3 = endings(...Object.keys(STEP3_TO), "ative");
const STEP4 = /(?:ement|ance|ence|able|ible|ment|ant|ent|ism|ate|iti|ous|ive|ize|ion|al|er|ic)$/;
const SHORT = /(?:[^aeiouy][aeiouy][^aeiouywxY]|^[aeiouy][^aeiouy])$/u;

/** The stem of a word of three letters from a to z or more. */
export const stem = (word: string): string => {
  const exception = EXCEPTIONS[word];
  if (exception !== undefined && Object.hasOwn(EXCEPTIONS, word)) return exception;
  let w = "";
  for (const c of word)
    w += c === "y" && (w === "" || /[aeiouy]$/.test(w)) ? "Y" : c;

  const region = (from: number): number => {
    const found = /[aeiouy][^aeiouy]/u.exec(w.slice(from));
    return found ? from + found.index + found[0].length : w.length;
  };
  const p1 = /^(?:gener|commun|arsen)/.exec(w)?.[0].length ?? region(0);
  const p2 = region(p1);
  /** Replaces the longest ending of `endings`, if it begins at or after `from`. */
  const ending = (ends: RegExp, from: number, by: (end: string, rest: string) => string | undefined) => {
    const found = ends.exec(w);
    if (!found || found.index < from) return;
    const rest = w.slice(0, found.index);
    const to = by(found[0], rest);
    if (to !== undefined) w = rest + to;
  };

  // 1a: plurals.
  if (w.endsWith("sses")) w = w.slice(0, -2);
  else if (/ie[ds]$/.test(w)) w = w.slice(0, -3) + (w.length > 4 ? "i" : "ie");
  else if (/[aeiouy].+s$/u.test(w) && !/[us]s$/.test(w)) w = w.slice(0, -1);
  if (KEPT.test(w)) return w.replaceAll("Y", "y");

  // 1b: -ed, -ing.
  const past = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(w);
  if (past?.[0].startsWith("eed")) {
    if (past.index >= p1) w = w.slice(0, past.index) + "ee";
  } else if (past && /[aeiouy]/.test(w.slice(0, past.index))) {
    w = w.slice(0, past.index);
    if (/(?:at|bl|iz)$/.test(w)) w += "e";
    else if (/(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/.test(w)) w = w.slice(0, -1);
    else if (w.length === p1 && SHORT.test(w)) w += "e";
  }

  // 1c: final y.
  if (/.[^aeiouy][yY]$/u.test(w)) w = w.slice(0, -1) + "i";

  ending(STEP2, p1, (end, rest) => {
    if (end === "li") return /[cdeghkmnrt]$/.test(rest) ? "" : undefined;
    if (end === "ogi") return rest.endsWith("l") ? "og" : undefined;
    return STEP2_TO[end];
  });
  ending(STEP3, p1, (end, rest) =>
    end === "ative" ? (rest.length >= p2 ? "" : undefined) : STEP3_TO[end]);
  ending(STEP4, p2, (end, rest) => (end !== "ion" || /[st]$/.test(rest) ? "" : undefined));

  // 5: final e, ll.
  const rest = w.slice(0, -1);
  if (w.endsWith("e")) {
    if (rest.length >= p2 || (rest.length >= p1 && !SHORT.test(rest))) w = rest;
  } else if (w.endsWith("ll") && rest.length >= p2) w = rest;
  return w.replaceAll("Y", "y");
};
