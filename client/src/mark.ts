// Which words of a text the question asked for.

import { RUN, stem, tokens } from "./analyse.ts";
import type { Parsed } from "./query.ts";
import type { Marked } from "./protocol.ts";

export interface Marks {
  words: Set<string>;
  prefixes: string[];
}

export const marksOf = ({ parts }: Parsed): Marks => {
  const marks: Marks = { words: new Set(), prefixes: [] };
  const add = (key: string) => {
    const at = key.indexOf(":");
    const sigil = at === 1 ? key[0]! : "";
    const words = at === 1 ? key.slice(2) : key;
    if ("tnksf".includes(sigil)) for (const word of words.split(" ")) marks.words.add(word).add(stem(word));
  };
  for (const part of parts) {
    if (part.occur === "not") continue;
    if (part.kind === "word") add(part.key);
    else if (part.kind === "prefix") marks.prefixes.push(part.word);
    else if (part.kind === "phrase") part.stems.forEach(add);
    else part.keys.forEach(add);
  }
  return marks;
};

const isMarked = (token: string, { words, prefixes }: Marks) =>
  words.has(token) || words.has(stem(token)) || prefixes.some((prefix) => token.startsWith(prefix));

/** A text in pieces. */
export const mark = (text: string, marks: Marks): Marked => {
  const pieces: Marked = [];
  const add = (piece: string, marked: boolean) => {
    const last = pieces[pieces.length - 1];
    if (piece === "") return;
    if (last && last[1] === marked) last[0] += piece;
    else pieces.push([piece, marked]);
  };
  let done = 0;
  for (const { 0: run, index } of text.matchAll(RUN)) {
    add(text.slice(done, index), false);
    done = index + run.length;
    const found = tokens(run);
    if (found.length <= 1) add(run, found.some((token) => isMarked(token, marks)));
    else {
      // Pairs of characters: each that is in a pair that was asked for.
      const letters = [...run];
      const flags = letters.map((letter, at) =>
        [letter, letters[at - 1] !== undefined && letters[at - 1]! + letter, letters[at + 1] !== undefined && letter + letters[at + 1]!].some(
          (pair) => pair !== false && tokens(pair).some((token) => isMarked(token, marks)),
        ),
      );
      letters.forEach((letter, at) => add(letter, flags[at]!));
    }
  }
  add(text.slice(done), false);
  return pieces;
};
