// Tokens, stems and queries: the same as the program's.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

import { source } from "./source.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { tokens, stem, doi, orcid } = await source("analyse");
const { parse } = await source("query");
const { stem: english } = await source("stem");

test("stems are those of the program's stemmer", () => {
  const lines = readFileSync(join(here, "stems.tsv"), "utf8").trimEnd().split("\n");
  assert.ok(lines.length > 4000);
  for (const line of lines) {
    const [word, expected] = line.split("\t");
    assert.equal(english(word), expected, word);
  }
});

test("tokens and stems are those of the program", () => {
  const vectors = join(here, "../../tests/search/analyser.ndjson");
  if (!existsSync(vectors)) return;
  for (const line of readFileSync(vectors, "utf8").trimEnd().split("\n")) {
    const { text, tokens: expected, stems } = JSON.parse(line);
    assert.deepEqual(tokens(text), expected, JSON.stringify(text));
    assert.deepEqual(tokens(text).map(stem), stems, JSON.stringify(text));
  }
});

test("identifiers", () => {
  for (const text of ["10.5281/Zenodo.12", "https://doi.org/10.5281/zenodo.12", "http://dx.doi.org/10.5281/zenodo.12", "doi:10.5281/zenodo.12"])
    assert.equal(doi(text), "10.5281/zenodo.12", text);
  for (const text of ["10.5281", "10.5281/a b", "zenodo.12"]) assert.equal(doi(text), undefined, text);
  assert.equal(orcid("https://orcid.org/0000-0002-1825-009x"), "0000-0002-1825-009X");
  assert.equal(orcid("0000-0002-1825"), undefined);
});

test("queries", () => {
  const parts = (text) => parse(text).parts.map(({ occur, ...part }) => `${{ must: "+", not: "-", should: "" }[occur]}${part.key ?? part.word ?? (part.stems ?? [...part.keys, ...part.pairs]).join("|")}${part.kind === "prefix" ? "*" : ""}`);
  for (const [text, expected] of [
    ["Ocean  temperatures", ["ocean", "temperatur"]],
    ["+ocean -wave", ["+ocean", "-wave"]],
    ["ocean AND wave ice", ["+ocean", "+wave", "ice"]],
    ["ocean OR (wave NOT ice)", ["ocean", "wave", "-ice"]],
    ["ocean ocean", ["ocean"]],
    ['"sea levels"', ["sea|level"]],
    ['"sea"', ["sea"]],
    ['"open', ["open"]],
    ["clim*", ["clim*"]],
    ["sea-lev*", ["sea", "lev*"]],
    ['title:"Sea Levels" Title:rise', ["t:sea|t:level|p:sea level", "t:rise"]],
    ["creators.name:Müller", ["n:muller"]],
    ['keywords:"Sea levels" keyword:levels', ["s:sea levels", "k:level"]],
    ['creators:"Doe, Jane"', ["n:doe|n:jane"]],
    ["communities:Zoo doi:10.5281/A.1", ["c:zoo", "d:10.5281/a.1"]],
    ["https://host.example/x", ["https", "host", "exampl", "x"]],
    ["10.5281/zenodo.1", ["+d:10.5281/zenodo.1"]],
    ["東京都", ["東京", "京都"]],
    ["", []], ["-", []], ["::", []], ['"', []], ["constructor:x __proto__:y", ["constructor", "x", "proto", "y"]],
  ]) assert.deepEqual(parts(text), expected, text);
  const years = (text) => parse(text).years.map(({ from, to, not }) => [from, to, not]);
  for (const [text, expected] of [
    ["year:2020", [[2020, 2020, false]]],
    ["year:2018-2021", [[2018, 2021, false]]],
    ["-year:2018-", [[2018, Infinity, true]]],
    ["year:-2021", [[-Infinity, 2021, false]]],
    ["date:[2018 TO *]", [[2018, Infinity, false]]],
    ["date:2018-05-01", [[2018, 2018, false]]],
    ["year:soon", []],
  ]) assert.deepEqual(years(text), expected, text);
  assert.deepEqual(parse("type:Dataset -license:cc-by-4.0 versions:all"), {
    parts: [], years: [], all: true,
    wanted: [{ facet: "type", value: "dataset", not: false }, { facet: "licence", value: "cc-by-4.0", not: true }],
  });
  assert.equal(parse(Array.from({ length: 50 }, (_, i) => `w${i}`).join(" ")).parts.length, 32);
});
