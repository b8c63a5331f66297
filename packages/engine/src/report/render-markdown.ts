import { assertNever, type Report } from "@cloister/core";
import type { Block, Inline, Line, Section, Tile } from "./document.ts";
import { toMarkdownCode, toMarkdownQuote, toMarkdownTable, toMarkdownText } from "./markdown-text.ts";
import { toDocument } from "./sections.ts";
import { markOf, toWords } from "./wording.ts";

/** References shown at one place; the rest is counted. */
const MOST_REFS = 4;

/** The report as Markdown (GitHub's flavour). What agents, plans and repositories brought in can't become markup. */
export function renderMarkdown(report: Report): string {
  const { title, subtitle, outcome, sections } = toDocument(report);
  const head = [`# ${toMarkdownText(title)}`, `**${toMarkdownText(outcome.text)}** · ${toMarkdownText(subtitle)}`];
  const text = [...head, ...sections.map(renderSection)].join("\n\n");
  return `${text}\n\n${toTargets(text)}\n`;
}

/** Where the references lead: `[#12]` reads well as it stands, and is a link once this says to where. Texts hold no unescaped brackets. */
function toTargets(text: string): string {
  const cited = new Set([...text.matchAll(/\[#(\d+)\]/g)].map(([, position]) => Number(position)));
  return [...cited]
    .sort((left, right) => left - right)
    .map((position) => `[#${position}]: #e${position}`)
    .join("\n");
}

function renderSection({ id, title, blocks }: Section): string {
  const parts = blocks.map(renderBlock).filter((part) => part !== "");
  return [`<a id="${id}"></a>`, `## ${toMarkdownText(title)}`, ...parts].join("\n\n");
}

function renderBlock(block: Block): string {
  switch (block.type) {
    case "tiles":
      return renderTiles(block.tiles);
    case "text":
      return renderLine(block.line);
    case "list":
      return block.items.map((item) => `- ${renderLine(item)}`).join("\n");
    case "table":
      return toMarkdownTable(
        block.columns.map(({ title }) => toMarkdownText(title)),
        block.rows.map((row) => row.map(renderLine)),
      );
    case "quote":
      return `${renderLine(block.heading)}\n\n${toMarkdownQuote(block.text)}`;
    case "events":
      return toMarkdownTable(
        ["No.", "Time (UTC)", "Event", "Iteration"],
        block.events.map(({ position, moment, name, iteration }) => [
          `<a id="e${position}"></a>${position}`,
          moment,
          toMarkdownText(name),
          iteration,
        ]),
      );
    case "chart":
      return "";
    default:
      return assertNever(block, "block of a report");
  }
}

function renderTiles(tiles: readonly Tile[]): string {
  const value = ({ value, note, refs }: Tile): string =>
    renderLine([{ strong: value }, note === "" ? "" : `(${note})`, { refs }]);
  return toMarkdownTable(
    tiles.map(({ label }) => label),
    [tiles.map(value)],
  );
}

function renderLine(line: Line): string {
  return line
    .map(renderInline)
    .filter((part) => part !== "")
    .join(" ");
}

function renderInline(inline: Inline): string {
  if (typeof inline === "string") return toMarkdownText(inline);
  if ("code" in inline) return toMarkdownCode(inline.code);
  if ("strong" in inline) return `**${toMarkdownText(inline.strong)}**`;
  if ("state" in inline) return `${markOf(inline.state)} ${toWords(inline.state)}`;
  const shown = inline.refs.slice(0, MOST_REFS).map((position) => `[#${position}]`);
  const more = inline.refs.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(" ");
}
