// Copy buttons, the choice of a citation style, sorting of file tables, a guess on the page
// for what is not there. Every page is whole without it; nothing is remembered or sent.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

const status = document.createElement("p");
status.className = "unseen";
status.setAttribute("role", "status");
document.querySelector("main")?.append(status);

/** Puts text on the clipboard, also where a page without https may not. */
const copy = async (node) => {
  const text = node.textContent.trim();
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  getSelection().selectAllChildren(node);
  if (!document.execCommand("copy")) throw new Error("refused");
};

for (const button of all("button[data-copy]")) {
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    // Looked up now: a citation style may have been chosen since.
    const node = all(button.dataset.copy).find((found) => !found.hidden);
    try {
      await copy(node);
      button.textContent = status.textContent = "Copied";
    } catch {
      button.textContent = status.textContent = "Not copied";
    }
    setTimeout(() => {
      button.textContent = label;
      status.textContent = "";
    }, 2000);
  });
}

for (const box of all("[data-styles]")) {
  const styles = all("[data-style]", box);
  if (styles.length < 2) continue;
  const label = document.createElement("label");
  const select = document.createElement("select");
  label.append("Style ", select);
  for (const style of styles) select.add(new Option(style.dataset.style));
  const show = () => styles.forEach((style, at) => (style.hidden = at !== select.selectedIndex));
  select.addEventListener("change", show);
  box.prepend(label);
  // The choice takes the place of the fold that shows all styles to readers without script.
  for (const fold of all("details", box)) {
    fold.open = true;
    fold.firstElementChild.hidden = true;
  }
  show();
}

/** What a cell is compared by: bytes in a column of sizes, text elsewhere. */
const value = (row, column) => {
  const cell = row.cells[column];
  if (cell.className !== "size") return (cell.querySelector("a") ?? cell).textContent.trim();
  return Number((cell.querySelector("small") ?? cell).textContent.replace(/\D/g, ""));
};
const compare = (a, b) =>
  typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });

for (const table of all("table.files")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  if (body.rows.length < 2) continue;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.ariaSort === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => compare(value(a, column), value(b, column)));
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}

const guess = document.querySelector("[data-guess]");
const number = location.pathname.match(/\/(?:records?|deposit)\/(\d+)/)?.[1];
if (guess && number) {
  const link = guess.querySelector("a");
  link.href = guess.dataset.guess + number;
  link.textContent = "record " + number;
  guess.hidden = link.pathname === location.pathname;
}
