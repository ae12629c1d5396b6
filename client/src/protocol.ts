// What the page and its worker say to each other.

/** What one may narrow the answer down by; the names stand in the address of the page. */
export const FACETS = ["type", "access", "licence", "community", "year"] as const;
export type Facet = (typeof FACETS)[number];

/** A question: what the address of the page says. */
export interface Question {
  q: string;
  /** Chosen values; of one facet any, of several facets all must hold. */
  filters: Partial<Record<Facet, string[]>>;
  /** Years of publication, both included. */
  from: number | undefined;
  to: number | undefined;
  /** Older versions too. */
  all: boolean;
  sort: "relevance" | "newest";
  /** From 1. */
  page: number;
}

/** Pieces of a text and whether they match the question. */
export type Marked = [text: string, marked: boolean][];

export interface Hit {
  id: string;
  title: Marked;
  creators: string[];
  /** Creators that are not named. */
  more: number;
  date: string;
  type: string;
  access: string;
  licence: string;
  version: string;
  snippet: Marked;
}

export interface FacetValue {
  id: string;
  label: string;
  count: number;
}

export interface Answer {
  kind: "answer";
  id: number;
  hits: Hit[];
  /** Records found; `exact` says whether that is the number or what is known so far, `counted` the same of facets. */
  total: number;
  exact: boolean;
  counted: boolean;
  /** A better answer to the same question is under way. */
  refining: boolean;
  /** Pages that can be turned to. */
  pages: number;
  facets: Partial<Record<Facet, FacetValue[]>>;
  /** Another spelling of the whole question. */
  suggestion: string | undefined;
  /** The one record that the question names by its DOI. */
  direct: string | undefined;
  /** What was not understood or could not be looked at. */
  notes: string[];
  /** What it took: rounds that wait for one another, requests, bytes. */
  cost: { rounds: number; requests: number; bytes: number };
}

export type ToWorker =
  | { kind: "open"; root: string }
  | ({ kind: "ask"; id: number; quick: boolean } & Question)
  | { kind: "complete"; id: number; text: string };

export type FromWorker =
  | Answer
  | { kind: "open"; records: number; plain: boolean }
  | { kind: "completions"; id: number; text: string; words: string[] }
  | { kind: "failed"; id: number; message: string };
