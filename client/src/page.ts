// The search page: form, address and history on one side, the worker on the other. Results are
// built from text alone: nothing that comes from a record is ever read as markup.

import { FACETS, type Answer, type Facet, type FromWorker, type Hit, type Marked, type Question, type ToWorker } from "./protocol.ts";

const FACET_LABELS: Record<Facet, string> = {
  type: "Type",
  access: "Access",
  licence: "Licence",
  year: "Year",
  community: "Community",
};
/** Values of a facet before "Show all". */
const SHOWN = 8;

const ACCESS: Record<string, string> = {
  open: "Open",
  embargoed: "Embargoed",
  restricted: "Restricted",
  "metadata-only": "Metadata only",
};

type Child = Node | string | undefined | false;

const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  node.append(...children.filter((child) => child !== undefined && child !== false));
  return node;
};

const find = <T extends Element>(selector: string): T => {
  const node = document.querySelector<T>(selector);
  if (!node) throw new Error(`the page has no ${selector}`);
  return node;
};

const grouped = (number: number) => number.toLocaleString("en");
const records = (number: number) => `${grouped(number)} ${number === 1 ? "record" : "records"}`;

const main = find<HTMLElement>("[data-search]");
const form = find<HTMLFormElement>("form.search");
const input = find<HTMLInputElement>("form.search input[type=search]");
const status = find<HTMLElement>("#status");
const answerBox = find<HTMLElement>("#answer");
const completions = find<HTMLDataListElement>("#completions");
const root = main.dataset.root ?? "";
const TYPES = JSON.parse(main.dataset.types ?? "{}") as Record<string, string>;

// Address.

const year = (text: string | null): number | undefined => {
  const trimmed = text?.trim() ?? "";
  return /^\d{1,4}$/.test(trimmed) ? Number(trimmed) : undefined;
};

const read = (search: string): Question => {
  const params = new URLSearchParams(search);
  const filters: Question["filters"] = {};
  for (const facet of FACETS) {
    const values = params.getAll(facet).filter((value) => value !== "");
    if (values.length > 0) filters[facet] = values.slice(0, 50);
  }
  const page = Number(params.get("page"));
  return {
    q: (params.get("q") ?? "").slice(0, 1000),
    filters,
    from: year(params.get("from")),
    to: year(params.get("to")),
    all: params.get("versions") === "all",
    sort: params.get("sort") === "newest" ? "newest" : "relevance",
    page: Number.isInteger(page) && page > 0 ? page : 1,
  };
};

const address = (question: Question): string => {
  const params = new URLSearchParams();
  if (question.q) params.set("q", question.q);
  for (const facet of FACETS) for (const value of question.filters[facet] ?? []) params.append(facet, value);
  if (question.from !== undefined) params.set("from", String(question.from));
  if (question.to !== undefined) params.set("to", String(question.to));
  if (question.all) params.set("versions", "all");
  if (question.sort !== "relevance") params.set("sort", question.sort);
  if (question.page > 1) params.set("page", String(question.page));
  const text = params.toString();
  return location.pathname + (text ? `?${text}` : "");
};

const isEmpty = (question: Question) =>
  question.q.trim() === "" &&
  Object.keys(question.filters).length === 0 &&
  question.from === undefined &&
  question.to === undefined;

// Worker.

const worker = new Worker(main.dataset.worker ?? "");
const tell = (message: ToWorker) => worker.postMessage(message);
tell({ kind: "open", root });

let current = read(location.search);
let last = 0;
/** After the first answer, answers come while one types. */
let answered = false;
/** Whether the reader should land on the heading when the next answer is there. */
let landing = false;

const ask = (question: Question, quick = false) => {
  current = question;
  last += 1;
  if (isEmpty(question)) {
    answerBox.replaceChildren();
    say("");
    return;
  }
  main.setAttribute("aria-busy", "true");
  if (!quick) say("Searching…");
  tell({ kind: "ask", id: last, quick, ...question });
};

/** Goes to a question: a new step in the history, and its answer. */
const go = (question: Question) => {
  if (address(question) !== location.pathname + location.search) history.pushState(null, "", address(question));
  ask(question);
};

const say = (text: string) => {
  if (status.textContent !== text) status.textContent = text;
};

worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
  if (data.kind === "open") main.dataset.transport = data.plain ? "whole files" : "ranges";
  if (data.kind === "completions" && data.text === input.value) {
    completions.replaceChildren(...data.words.map((word) => el("option", { value: word })));
  }
  if (data.kind === "failed" && (data.id === last || data.id === 0)) fail(data.message);
  if (data.kind === "answer" && data.id === last) show(data);
});
worker.addEventListener("error", (event) => {
  event.preventDefault();
  fail("it did not start");
});

const fail = (message: string) => {
  main.removeAttribute("aria-busy");
  say(`Search is not available now: ${message}.`);
  const way = (href: string, text: string) => el("a", { href: root + href }, text);
  const again = el("button", { type: "button" }, "Try again");
  again.addEventListener("click", () => {
    tell({ kind: "open", root });
    ask(current);
  });
  answerBox.replaceChildren(
    el("p", {}, "You can still ", way("/browse", "browse all records"), " or take the ", way("/dumps/", "bulk data"), ". ", again),
  );
};

// The answer.

const marked = (pieces: Marked): Child[] =>
  pieces.map(([text, mark]) => (mark ? el("mark", {}, text) : text));

const day = (text: string): string => {
  const date = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(text);
  if (!date) return text;
  const name = new Date(Date.UTC(2000, Number(date[2]) - 1, 1)).toLocaleString("en", { month: "long", timeZone: "UTC" });
  return `${date[3] ? `${Number(date[3])} ` : ""}${name} ${date[1]}`;
};

const people = ({ creators, more }: Hit): Child[] => {
  const names = creators.flatMap((name, at): Child[] => [at > 0 && "; ", el("bdi", {}, name)]);
  return more > 0 ? [...names, ` and ${grouped(more)} more`] : names;
};

const hitNode = (hit: Hit): HTMLLIElement => {
  const fact = (text: string, name?: string) => text !== "" && el("span", { class: name }, text);
  const facts = [
    fact(TYPES[hit.type] ?? hit.type, "kind"),
    fact(ACCESS[hit.access] ?? hit.access, `access ${hit.access}`),
    fact(day(hit.date)),
    fact(hit.version, "version"),
    fact(hit.licence, "version"),
  ];
  const title = hit.title.length > 0 ? marked(hit.title) : [`Record ${hit.id}`];
  return el("li", { "data-id": hit.id },
    el("p", { class: "info" }, ...facts),
    el("h3", { dir: "auto" }, el("a", { href: `${root}/records/${encodeURIComponent(hit.id)}` }, ...title)),
    hit.creators.length > 0 && el("p", { class: "by" }, ...people(hit)),
    hit.snippet.length > 0 && el("p", { class: "snippet", dir: "auto" }, ...marked(hit.snippet)),
  );
};

const chosen = (question: Question, facet: Facet, value: string) => (question.filters[facet] ?? []).includes(value);

const toggled = (question: Question, facet: Facet, value: string): Question => {
  const now = question.filters[facet] ?? [];
  const values = now.includes(value) ? now.filter((one) => one !== value) : [...now, value];
  const filters = { ...question.filters, [facet]: values };
  if (values.length === 0) delete filters[facet];
  return { ...question, filters, page: 1 };
};

/** Facets that were opened wide stay so. */
const wide = new Set<Facet>();

const facetNode = (facet: Facet, answer: Answer, question: Question): Child => {
  const values = answer.facets[facet] ?? [];
  const missing = (question.filters[facet] ?? []).filter((id) => !values.some((value) => value.id === id));
  const titles = facet === "type" ? TYPES : facet === "access" ? ACCESS : {};
  const rows = [...missing.map((id) => ({ id, label: id, count: 0 })), ...values].map((row) => ({ ...row, label: titles[row.id] ?? row.label }));
  if (rows.length === 0) return undefined;
  const first = rows.filter((row, at) => at < SHOWN || wide.has(facet) || chosen(question, facet, row.id));
  const box = ({ id, label, count }: (typeof rows)[number]) => {
    const name = `f-${facet}-${id}`;
    const check = el("input", { type: "checkbox", id: name, name: facet, value: id });
    check.checked = chosen(question, facet, id);
    check.addEventListener("change", () => go(toggled(current, facet, id)));
    return el("li", {}, check, el("label", { for: name }, el("bdi", {}, label)),
      el("span", { class: "count" }, `${answer.counted ? "" : "≥ "}${grouped(count)}`));
  };
  const rest = rows.length - first.length;
  const more = rest > 0 && el("button", { type: "button", id: `more-${facet}` }, `Show all ${rows.length}`);
  if (more) more.addEventListener("click", () => {
    wide.add(facet);
    const next = rows[SHOWN];
    show(answer);
    if (next) document.getElementById(`f-${facet}-${next.id}`)?.focus();
  });
  return el("fieldset", {}, el("legend", {}, FACET_LABELS[facet]), el("ul", {}, ...first.map(box)), more);
};

const yearsNode = (question: Question): HTMLElement => {
  const bound = (name: "from" | "to", label: string) => {
    const node = el("input", { type: "text", inputmode: "numeric", pattern: "[0-9]{1,4}", maxlength: "4", size: "4", id: name, autocomplete: "off" });
    node.value = question[name] === undefined ? "" : String(question[name]);
    node.addEventListener("change", () => go({ ...current, [name]: year(node.value), page: 1 }));
    return el("label", {}, `${label} `, node);
  };
  return el("fieldset", { class: "years" }, el("legend", {}, "Published"), el("p", {}, bound("from", "from"), " ", bound("to", "to")));
};

/** To a question, from where the reader lands on its heading. */
const link = (question: Question, text: Child, attributes: Record<string, string> = {}) => {
  const node = el("a", { href: address(question), ...attributes }, text);
  node.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    input.value = question.q;
    landing = true;
    go(question);
  });
  return node;
};

const pager = (answer: Answer, question: Question): Child => {
  if (answer.pages <= 1 && question.page === 1) return undefined;
  const to = (page: number, text: string, attributes: Record<string, string>) => link({ ...question, page }, text, attributes);
  const { page } = question;
  const near = [...new Set([1, page - 1, page, page + 1, page + 2])].filter((n) => n >= 1 && n <= answer.pages);
  const numbers = near.map((n) =>
    el("li", {}, n === page ? el("span", { "aria-current": "page" }, grouped(n)) : to(n, grouped(n), { "aria-label": `Page ${n}` })));
  return el("nav", { class: "pager", "aria-label": "Pages of results" },
    page > 1 && to(page - 1, "Previous page", { rel: "prev" }),
    el("ol", {}, ...numbers),
    page < answer.pages && to(page + 1, "Next page", { rel: "next" }));
};

const summary = (answer: Answer, question: Question): string => {
  const { total, exact, refining, pages } = answer;
  if (total === 0 && !refining) return "Nothing found";
  const count = exact ? records(total) : `At least ${records(total)}`;
  return pages > 1 ? `${count}, page ${grouped(question.page)} of ${grouped(pages)}` : count;
};

const reset = (question: Question): Child => {
  if (isEmpty({ ...question, q: "" })) return undefined;
  const node = el("button", { type: "button", id: "clear" }, "Remove all filters");
  node.addEventListener("click", () => {
    landing = true;
    go({ ...question, filters: {}, from: undefined, to: undefined, page: 1 });
  });
  return node;
};

const suggestionNode = (answer: Answer): Child => {
  if (answer.suggestion === undefined) return undefined;
  const way = link({ ...current, q: answer.suggestion, page: 1 }, el("bdi", {}, answer.suggestion));
  return el("p", { class: "suggestion" }, "Did you mean ", way, "?");
};

const sortNode = (question: Question): HTMLElement => {
  const option = (value: string, text: string) => el("option", { value, selected: question.sort === value }, text);
  const select = el("select", { id: "sort" }, option("relevance", "Relevance"), option("newest", "Newest"));
  select.addEventListener("change", () => go({ ...current, sort: select.value === "newest" ? "newest" : "relevance", page: 1 }));
  const versions = el("input", { type: "checkbox", id: "versions" });
  versions.checked = question.all;
  versions.addEventListener("change", () => go({ ...current, all: versions.checked, page: 1 }));
  return el("p", { class: "order" }, el("label", { for: "sort" }, "Sort by"), select,
    el("span", { class: "check" }, versions, el("label", { for: "versions" }, "older versions too")));
};

const show = (answer: Answer) => {
  main.removeAttribute("aria-busy");
  answered = true;
  const question = current;
  main.dataset.cost = JSON.stringify(answer.cost);
  if (answer.direct !== undefined && !landing && direct(answer.direct)) return;
  const focused = document.activeElement instanceof HTMLElement && answerBox.contains(document.activeElement) ? document.activeElement.id : "";
  const heading = summary(answer, question);
  // A better answer to the same question keeps the nodes of the hits that stay.
  const standing = new Map([...answerBox.querySelectorAll<HTMLLIElement>(".hits > li")].map((node) => [node.dataset.id, node]));
  const hits = answer.hits.map((hit) => {
    const node = hitNode(hit);
    const before = standing.get(hit.id);
    return before?.isEqualNode(node) ? before : node;
  });
  const state = answer.refining ? "Refining: order and number may still change." : answer.exact ? "" : "The number is a lower bound.";
  const facets = FACETS.filter((facet) => facet !== "year").map((facet) => facetNode(facet, answer, question));
  const small = matchMedia("(max-width: 59.99rem)").matches;
  const open = answerBox.querySelector<HTMLDetailsElement>("details.facets")?.open ?? !small;
  answerBox.replaceChildren(
    el("div", { class: "found" },
      el("h2", { id: "heading", tabindex: "-1" }, heading),
      state !== "" && el("p", { class: "state" }, state),
      sortNode(question)),
    ...answer.notes.map((note) => el("p", { class: "note" }, note)),
    suggestionNode(answer) || "",
    el("div", { class: "columns" },
      el("div", { class: "body" }, el("ol", { class: "hits", start: String((question.page - 1) * 10 + 1) }, ...hits), pager(answer, question)),
      el("div", { class: "side" },
        el("details", { class: "facets", open }, el("summary", {}, "Filters"), reset(question), ...facets.slice(0, 3), yearsNode(question),
          facetNode("year", answer, question), ...facets.slice(3)))),
  );
  say(`${heading}${answer.refining ? ", refining" : ""}`);
  document.title = `${question.q.trim() || "Search"} · ${main.dataset.site ?? ""}`;
  if (landing && !answer.refining) {
    const node = find<HTMLElement>("#heading");
    node.focus({ preventScroll: true });
    node.scrollIntoView({ block: "start" });
    landing = false;
  } else if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true });
};

/** A DOI or an id alone leads to its record: only on the question that was submitted. */
let submitted = false;
const direct = (id: string): boolean => {
  if (!submitted) return false;
  submitted = false;
  location.assign(`${root}/records/${encodeURIComponent(id)}`);
  return true;
};

// What readers do.

form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  submitted = true;
  if (matchMedia("(pointer: coarse)").matches) input.blur();
  go({ ...current, q: input.value, page: 1 });
});

let timer = 0;
let composing = false;
/** While one types, the address follows in one step of the history. */
let typing = false;
const typed = () => {
  clearTimeout(timer);
  if (composing) return;
  timer = setTimeout(() => {
    submitted = false;
    const text = input.value;
    tell({ kind: "complete", id: last, text });
    if (!answered || text === current.q) return;
    const question = { ...current, q: text, page: 1 };
    if (typing) history.replaceState(null, "", address(question));
    else history.pushState(null, "", address(question));
    typing = true;
    ask(question, true);
  }, 150);
};
input.addEventListener("input", typed);
input.addEventListener("compositionstart", () => { composing = true; });
input.addEventListener("compositionend", () => { composing = false; typed(); });
input.addEventListener("change", () => { typing = false; });

addEventListener("popstate", () => {
  typing = false;
  const question = read(location.search);
  input.value = question.q;
  ask(question);
});

input.value = current.q;
// A link from another page that asks for a DOI is as good as typing it here; the way back is not.
submitted = performance.getEntriesByType("navigation").every((entry) => (entry as PerformanceNavigationTiming).type === "navigate");
if (isEmpty(current)) input.focus();
else ask(current);
