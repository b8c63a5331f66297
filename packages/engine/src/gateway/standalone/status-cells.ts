/** The parts that the status page's tables are made of. */
import { describeDuration } from "@cloister/core";
import { toHtmlText } from "../../report/html-text.ts";

/** A cell: text, which is escaped, or HTML that is safe already. `wrap`: it may be long. */
export type Cell = string | { readonly html: string; readonly wrap?: boolean };

/** A column of a table. */
export type Column = { readonly title: string; readonly align?: "number" };

/** Classes of the style that say how good something is. */
export type Tone = "good" | "warn" | "bad" | "idle";

/** A table that scrolls by itself where it is wider than the page. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const head = columns.map(({ title, align }) => `<th${align === undefined ? "" : ' class="number"'}>${title}</th>`);
  const body = rows.map(
    (row) => `<tr>${row.map((cell, index) => renderCell(cell, columns[index]?.align)).join("")}</tr>`,
  );
  return `<div class="scroll"><table><thead><tr>${head.join("")}</tr></thead><tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}

function renderCell(cell: Cell, align: Column["align"]): string {
  const { html, wrap } = typeof cell === "string" ? { html: toHtmlText(cell), wrap: false } : cell;
  const name = wrap === true ? "wrap" : align;
  return `<td${name === undefined ? "" : ` class="${name}"`}>${html}</td>`;
}

/** A word with the colour of its tone. */
export function badge(tone: Tone, word: string): { readonly html: string } {
  return { html: `<span class="state ${tone}">${toHtmlText(word)}</span>` };
}

/** A link within the page's own server. */
export function link(path: string, word: string): string {
  return `<a href="${toHtmlText(path)}">${toHtmlText(word)}</a>`;
}

/** A whole number with its thousands apart: `12,345`. */
export function countOf(count: number): string {
  return count.toLocaleString("en-US");
}

/** The time of day of an ISO time, on this host's clock: `14:03:09`. */
export function shortTime(time: string): string {
  return new Date(time).toLocaleTimeString("en-GB");
}

/** How long it is from an ISO time to a later one: `in 3m`. */
export function until(time: string, later: string): string {
  const left = Date.parse(later) - Date.parse(time);
  return left > 0 ? `in ${describeDuration(left)}` : "now";
}
