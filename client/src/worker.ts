// The worker's end: questions in, answers out. A question overtakes the one before it.

import { Engine, Overtaken } from "./engine.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

interface Scope {
  postMessage(message: FromWorker): void;
  addEventListener(kind: "message", listener: (event: MessageEvent<ToWorker>) => void): void;
}
const scope = self as unknown as Scope;

let engine: Engine;
let opening: Promise<void>;
let latest = 0;

const message = (error: unknown) => String((error as Error).message);
/** Whether the reader asked browsers to be sparing with data. */
const thrifty = () => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData;
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

const open = (root: string) => {
  engine = new Engine(root);
  opening = engine.open();
  opening.then(
    () => scope.postMessage({ kind: "open", records: engine.records, plain: engine.files.plain }),
    (error) => scope.postMessage({ kind: "failed", id: 0, message: message(error) }),
  );
};

const ask = async (question: ToWorker & { kind: "ask" }) => {
  const { id, quick } = question;
  latest = id;
  const alive = () => latest === id;
  try {
    await opening;
    if (!alive()) return;
    for await (const answer of engine.answer(question, alive, thrifty())) {
      scope.postMessage({ kind: "answer", id, ...answer });
      // Who is still typing does not need the long lists.
      if (answer.refining && quick) await pause(600);
      if (answer.refining || !alive()) continue;
      const suggestion = await engine.suggest(question, answer.total);
      if (suggestion !== undefined && alive()) scope.postMessage({ kind: "answer", id, ...answer, suggestion });
    }
  } catch (error) {
    if (!(error instanceof Overtaken) && alive()) scope.postMessage({ kind: "failed", id, message: message(error) });
  }
};

scope.addEventListener("message", ({ data }) => {
  if (data.kind === "open") open(data.root);
  if (data.kind === "ask") void ask(data);
  if (data.kind === "complete")
    opening
      .then(() => engine.complete(data.text))
      .then((words) => scope.postMessage({ kind: "completions", id: data.id, text: data.text, words }))
      .catch(() => {}); // Completion is a courtesy.
});
