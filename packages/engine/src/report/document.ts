/** A report as a document: what Markdown and HTML have in common. Texts are plain and may be hostile: renderers escape them. */
import type { State } from "./wording.ts";

/** Part of a line: text, code, a state, or references to journal events. */
export type Inline =
  | string
  | { readonly code: string }
  | { readonly state: State }
  | { readonly strong: string }
  | { readonly refs: readonly number[] };
export type Line = readonly Inline[];

export type Column = { readonly title: string; readonly numeric?: boolean };

/** A figure of the page's head. */
export type Tile = {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly refs: readonly number[];
};

export type Chart = "timeline" | "spend";

export type Block =
  | { readonly type: "tiles"; readonly tiles: readonly Tile[] }
  | { readonly type: "text"; readonly line: Line }
  | { readonly type: "list"; readonly items: readonly Line[] }
  | { readonly type: "table"; readonly columns: readonly Column[]; readonly rows: readonly (readonly Line[])[] }
  /** An agent's words. */
  | { readonly type: "quote"; readonly heading: Line; readonly text: string }
  /** Events, each of which references point to. */
  | { readonly type: "events"; readonly events: readonly EventRow[] }
  /** Drawn in HTML alone: it shows what a table beside it says. */
  | { readonly type: "chart"; readonly chart: Chart };

export type EventRow = {
  readonly position: number;
  readonly moment: string;
  readonly name: string;
  readonly iteration: string;
};

export type Section = { readonly id: string; readonly title: string; readonly blocks: readonly Block[] };

export type ReportDocument = {
  readonly title: string;
  readonly subtitle: string;
  /** How the run ended, for the badge at the head. */
  readonly outcome: { readonly text: string; readonly good: boolean | undefined };
  readonly sections: readonly Section[];
};

/** Names the columns of a table: `#` before a title makes it a column of numbers. */
export function columns(...titles: readonly string[]): Column[] {
  return titles.map((title) => (title.startsWith("#") ? { title: title.slice(1), numeric: true } : { title }));
}

/** A section of blocks. */
export function section(id: string, title: string, ...blocks: readonly Block[]): Section {
  return { id, title, blocks };
}
