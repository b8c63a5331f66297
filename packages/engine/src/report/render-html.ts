import { hash } from "node:crypto";
import { assertNever, type Report } from "@cloister/core";
import { drawSpend, drawTimeline } from "./charts.ts";
import type { Block, Chart, Column, EventRow, Inline, Line, Section, Tile } from "./document.ts";
import { toHtmlText } from "./html-text.ts";
import { toDocument } from "./sections.ts";
import { REPORT_STYLE } from "./style.ts";
import { markOf, toneOf, toWords } from "./wording.ts";

/** References shown at one place; the rest is counted. */
const MOST_REFS = 3;

/**
 * The report as one HTML page that loads nothing and runs nothing. All text is escaped, and should something slip through,
 * the page's policy forbids scripts, images, forms, and every style but its own.
 */
export function renderHtml(report: Report): string {
  const { title, subtitle, outcome, sections } = toDocument(report);
  const tone = outcome.good === undefined ? "idle" : outcome.good ? "good" : "bad";
  const policy = `default-src 'none'; style-src 'sha256-${hash("sha256", REPORT_STYLE, "base64")}'; base-uri 'none'; form-action 'none'`;
  const links = sections.map(({ id, title }) => `<a href="#${id}">${toHtmlText(title)}</a>`).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${toHtmlText(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
<header>
<span class="badge ${tone}">${toHtmlText(outcome.text)}</span>
<h1>${toHtmlText(title)}</h1>
<p>${toHtmlText(subtitle)}</p>
</header>
<nav>
${links}
</nav>
${sections.map((section) => renderSection(section, report)).join("\n")}
<footer>Made by Cloister ${toHtmlText(report.run.cloisterVersion)} from the run's journal. Numbers in brackets are journal events.</footer>
</main>
</body>
</html>
`;
}

function renderSection({ id, title, blocks }: Section, report: Report): string {
  const content = blocks.map((block) => renderBlock(block, report)).join("\n");
  return `<section id="${id}">\n<h2>${toHtmlText(title)}</h2>\n${content}\n</section>`;
}

function renderBlock(block: Block, report: Report): string {
  switch (block.type) {
    case "tiles":
      return `<dl class="tiles">${block.tiles.map(renderTile).join("")}</dl>`;
    case "text":
      return `<p>${renderLine(block.line)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${renderLine(item)}</li>`).join("\n")}</ul>`;
    case "table":
      return renderTable(block.columns, block.rows);
    case "quote":
      return `<blockquote class="claim"><p>${renderLine(block.heading)}</p>${block.text === "" ? "" : `<pre>${toHtmlText(block.text)}</pre>`}</blockquote>`;
    case "events":
      return renderEvents(block.events);
    case "chart":
      return renderChart(block.chart, report);
    default:
      return assertNever(block, "block of a report");
  }
}

function renderChart(chart: Chart, report: Report): string {
  const drawing = chart === "timeline" ? drawTimeline(report) : drawSpend(report);
  return drawing === "" ? "" : `<figure>${drawing}</figure>`;
}

function renderTile({ label, value, note, refs }: Tile): string {
  return `<div class="tile"><dt>${toHtmlText(label)}</dt><dd>${toHtmlText(value)}<small>${toHtmlText(note)} ${renderInline({ refs })}</small></dd></div>`;
}

function renderTable(columns: readonly Column[], rows: readonly (readonly Line[])[]): string {
  const attribute = (index: number): string => (columns[index]?.numeric === true ? ' class="number"' : "");
  const head = columns.map(({ title }, index) => `<th scope="col"${attribute(index)}>${toHtmlText(title)}</th>`);
  const body = rows.map(
    (row) => `<tr>${row.map((line, index) => `<td${attribute(index)}>${renderLine(line)}</td>`).join("")}</tr>`,
  );
  const width = columns.length <= 3 ? ' class="narrow"' : "";
  return `<div class="scroll"><table${width}><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}

function renderEvents(events: readonly EventRow[]): string {
  const rows = events.map(
    ({ position, moment, name, iteration }) =>
      `<tr id="e${position}"><td class="number">${position}</td><td>${moment}</td><td>${toHtmlText(name)}</td><td class="number">${iteration}</td></tr>`,
  );
  const head = '<th class="number">No.</th><th>Time (UTC)</th><th>Event</th><th class="number">Iteration</th>';
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table></div>`;
}

function renderLine(line: Line): string {
  return line
    .map(renderInline)
    .filter((part) => part !== "")
    .join(" ");
}

function renderInline(inline: Inline): string {
  if (typeof inline === "string") return toHtmlText(inline);
  if ("code" in inline) return inline.code === "" ? "" : `<code>${toHtmlText(inline.code)}</code>`;
  if ("strong" in inline) return `<strong>${toHtmlText(inline.strong)}</strong>`;
  if ("state" in inline)
    return `<span class="state ${toneOf(inline.state)}">${markOf(inline.state)} ${toHtmlText(toWords(inline.state))}</span>`;
  if (inline.refs.length === 0) return "";
  const shown = inline.refs.slice(0, MOST_REFS).map((position) => `<a href="#e${position}">#${position}</a>`);
  const more = inline.refs.length - shown.length;
  return `<span class="refs">[${[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(", ")}]</span>`;
}
