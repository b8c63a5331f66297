/** The table of the last requests, on the status page. */
import { describeMoney, type RequestSignal } from "@cloister/core";
import { toHtmlText } from "../../report/html-text.ts";
import type { PastRequest } from "./request-history.ts";
import { badge, type Cell, type Column, countOf, renderTable, shortTime, type Tone } from "./status-cells.ts";

const COLUMNS: readonly Column[] = [
  { title: "time" },
  { title: "model" },
  { title: "status" },
  { title: "input", align: "number" },
  { title: "cached", align: "number" },
  { title: "written", align: "number" },
  { title: "output", align: "number" },
  { title: "reasoning", align: "number" },
  { title: "cost", align: "number" },
  { title: "latency", align: "number" },
  { title: "credential" },
  { title: "signals" },
];

/** The section of the requests that are over. @param requests the latest first. */
export function renderRequests(requests: readonly PastRequest[]): string {
  const content =
    requests.length === 0 ? '<p class="none">No request has come yet.</p>' : renderTable(COLUMNS, requests.map(toRow));
  return `<section><h2>Last requests</h2>${content}</section>`;
}

function toRow(request: PastRequest): readonly Cell[] {
  const { time, cost, credential, signals, firstByteMs, durationMs } = request;
  return [
    shortTime(time),
    { html: `${toHtmlText(request.model ?? "–")}<br><span class="soft">${request.wire ?? "–"}</span>`, wrap: true },
    { html: describeOutcome(request) },
    ...[request.input, request.cached, request.cacheWrite, request.output, request.reasoning].map(countOrDash),
    describeMoney(cost),
    // To the first byte, and whole.
    { html: `${describeMs(firstByteMs)}<br><span class="soft">${describeMs(durationMs)}</span>` },
    credential ?? "–",
    { html: signals.map(describeSignal).join("<br>") },
  ];
}

/** The status, and what is odd about the request. */
function describeOutcome({ status, refused, completeness, priceFrom }: PastRequest): string {
  const words: (readonly [Tone, string])[] = [];
  if (status > 0) words.push([status < 400 ? "good" : "bad", String(status)]);
  if (refused !== null) words.push(["bad", `refused: ${refused}`]);
  if (completeness === "partial" || completeness === "estimated" || completeness === "lost")
    words.push(["warn", completeness]);
  if (priceFrom === "dearest" || priceFrom === "unpriced") words.push(["idle", `price: ${priceFrom}`]);
  return words.map(([tone, word]) => badge(tone, word).html).join(" ");
}

/** In short; whole for who points at it. */
function describeSignal({ kind, action, detail }: RequestSignal): string {
  const tone: Tone = action === "refused" ? "bad" : "warn";
  return `<span class="state ${tone}" title="${toHtmlText(detail)}">${toHtmlText(kind.replaceAll("_", " "))}</span>`;
}

function countOrDash(count: number): Cell {
  return count === 0 ? { html: '<span class="soft">–</span>' } : countOf(count);
}

function describeMs(ms: number): string {
  return ms < 10_000 ? `${countOf(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
