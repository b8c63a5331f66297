import { type BudgetScope, describeDuration, describeMoney, type MicroUsd } from "@cloister/core";
import { toHtmlText } from "../../report/html-text.ts";
import { REPORT_STYLE } from "../../report/style.ts";
import { badge, type Cell, type Column, countOf, link, renderTable, shortTime, until } from "./status-cells.ts";
import { renderRequests } from "./status-requests.ts";
import type { BudgetStatus, CredentialStatus, RequestUnderWay, StatusReport, UpstreamStatus } from "./status-report.ts";

/** The page's style: the report's, and what it has beyond. */
export const STATUS_STYLE: string = `${REPORT_STYLE}
main { max-width: 1360px; }
.tiles { margin-top: 1.25rem; }
h1 code { font-size: 1em; }
progress { width: 100%; min-width: 8rem; height: .6rem; accent-color: var(--accent); }
.soft { color: var(--soft); }
.none { color: var(--soft); margin: 0; }
.pair { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 3fr); gap: 0 1.25rem; }
@media (max-width: 60rem) { .pair { grid-template-columns: minmax(0, 1fr); } }
td .state { margin: 0 .25rem .15rem 0; }
td { white-space: nowrap; }
td.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 12rem; }
td.number br + .soft { font-size: .9em; }
td:last-child, th:last-child { padding-right: 0; }
`;

/** Seconds after which a browser asks for the page again. */
const REFRESH_SECONDS = 2;

/** The status page, as one HTML document without scripts and without resources of its own. */
export function renderStatusPage(report: StatusReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${REFRESH_SECONDS}">
<title>Cloister gateway ${toHtmlText(report.gateway)}</title>
<style>${STATUS_STYLE}</style>
</head>
<body>
<main>
${renderHead(report)}
${section("Spend against budgets", report.budgets.map(toBudgetRow), BUDGET_COLUMNS, "No budget limits this gateway.")}
<div class="pair">
${section("Upstreams", report.upstreams.map(toUpstreamRow), UPSTREAM_COLUMNS, "None.")}
${section("Credentials", report.credentials.map(toCredentialRow(report)), CREDENTIAL_COLUMNS, "None.")}
</div>
${section("Under way", report.underWay.map(toUnderWayRow(report)), UNDER_WAY_COLUMNS, "No request is under way.")}
${renderRequests(report.requests)}
<footer>${link("/status.json", "status.json")} · ${link("/metrics", "metrics")} · Cloister ${toHtmlText(report.version)}</footer>
</main>
</body>
</html>
`;
}

function renderHead({ gateway, url, startedAt, time, totals, underWay, record, replay }: StatusReport): string {
  const tiles: readonly (readonly [string, string, string])[] = [
    ["Spent", describeMoney(totals.cost), ""],
    ["Tokens", countOf(totals.tokens), ""],
    ["Requests", countOf(totals.requests), totals.refused === 0 ? "" : `${countOf(totals.refused)} refused`],
    ["Under way", countOf(underWay.length), ""],
    ["Serving for", describeDuration(Math.max(0, Date.parse(time) - Date.parse(startedAt))), ""],
  ];
  const cassettes = [
    ...(record === null ? [] : [`Recorded into <code>${toHtmlText(record)}</code>.`]),
    ...(replay === null ? [] : [`Answers are played from <code>${toHtmlText(replay)}</code>.`]),
  ];
  return `<header>
<h1>Gateway <code>${toHtmlText(gateway)}</code></h1>
<p>Serving at <code>${toHtmlText(url)}</code>. ${cassettes.join(" ")}</p>
</header>
<dl class="tiles">
${tiles.map(([name, value, note]) => `<div class="tile"><dt>${name}</dt><dd>${toHtmlText(value)}<small>${toHtmlText(note)}</small></dd></div>`).join("\n")}
</dl>`;
}

function section(title: string, rows: readonly (readonly Cell[])[], columns: readonly Column[], none: string): string {
  const content = rows.length === 0 ? `<p class="none">${none}</p>` : renderTable(columns, rows);
  return `<section><h2>${title}</h2>${content}</section>`;
}

const BUDGET_COLUMNS: readonly Column[] = [
  { title: "budget" },
  { title: "spent", align: "number" },
  { title: "of", align: "number" },
  { title: "" },
];
const BUDGET_NAMES: Readonly<Record<BudgetScope, string>> = {
  iteration: "This iteration",
  task: "This task",
  run: "This gateway",
  day: "Today",
  month: "This month",
};

function toBudgetRow({ scope, cost, maxCost, tokens, maxTokens }: BudgetStatus): readonly Cell[] {
  const isMoney = maxCost !== null;
  const money = [describeMoney(cost as MicroUsd), describeMoney((maxCost ?? 0) as MicroUsd)];
  const parts = [
    ...(isMoney ? [{ spent: money[0] ?? "", limit: money[1] ?? "", share: [cost, maxCost] }] : []),
    ...(maxTokens === null
      ? []
      : [{ spent: countOf(tokens), limit: `${countOf(maxTokens)} tokens`, share: [tokens, maxTokens] }]),
  ];
  const lines = (pick: (part: (typeof parts)[number]) => string): Cell => ({ html: parts.map(pick).join("<br>") });
  return [
    BUDGET_NAMES[scope],
    lines(({ spent }) => toHtmlText(spent)),
    lines(({ limit }) => toHtmlText(limit)),
    lines(
      ({ share: [used = 0, limit = 0] }) => `<progress value="${Math.min(used, limit)}" max="${limit}"></progress>`,
    ),
  ];
}

const UPSTREAM_COLUMNS: readonly Column[] = [
  { title: "upstream" },
  { title: "circuit" },
  { title: "waiting", align: "number" },
];

function toUpstreamRow({ upstream, state, waiting }: UpstreamStatus): readonly Cell[] {
  const tones = { closed: "good", half_open: "warn", open: "bad" } as const;
  return [upstream, badge(tones[state], state.replace("_", " ")), countOf(waiting)];
}

const CREDENTIAL_COLUMNS: readonly Column[] = [
  { title: "credential" },
  { title: "from" },
  { title: "state" },
  { title: "under way", align: "number" },
];

function toCredentialRow({ time }: StatusReport): (credential: CredentialStatus) => readonly Cell[] {
  return ({ label, from, state, until: tried, inFlight, subscription }) => {
    const tones = { ready: "good", cooling: "warn", rejected: "bad" } as const;
    const again = tried === null ? "" : ` <span class="soft">again ${until(time, tried)}</span>`;
    const windows =
      subscription === null ? "" : `<br><span class="soft">${describeSubscription(time, subscription)}</span>`;
    return [
      label,
      { html: toHtmlText(from), wrap: true },
      { html: `${badge(tones[state], state).html}${again}${windows}` },
      countOf(inFlight),
    ];
  };
}

function describeSubscription(
  time: string,
  { status, claim, resetAt }: NonNullable<CredentialStatus["subscription"]>,
): string {
  const anew = resetAt === null ? "" : `, anew ${until(time, resetAt)}`;
  return `${toHtmlText([claim, status].filter((word) => word !== "").join(": "))}${anew}`;
}

const UNDER_WAY_COLUMNS: readonly Column[] = [
  { title: "since" },
  { title: "wire" },
  { title: "model" },
  { title: "for", align: "number" },
  { title: "promised", align: "number" },
  { title: "tokens", align: "number" },
];

function toUnderWayRow({ time }: StatusReport): (request: RequestUnderWay) => readonly Cell[] {
  return ({ since, wire, model, reservedCost, reservedTokens }) => [
    shortTime(since),
    wire,
    { html: toHtmlText(model), wrap: true },
    describeDuration(Math.max(0, Date.parse(time) - Date.parse(since))),
    describeMoney(reservedCost as MicroUsd),
    countOf(reservedTokens),
  ];
}
