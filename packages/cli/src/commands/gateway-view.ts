/** How a gateway that serves alone is shown: lines for people, or JSON for programs. */
import {
  type BudgetLimits,
  describeCount,
  describeMoney,
  type LedgerRow,
  type Provider,
  PROVIDERS,
} from "@cloister/core";
import type { OnRow, StandaloneGateway } from "@cloister/engine/gateway";
import { toSingleLine } from "../render/plain-text.ts";
import { describeClock, describeTokens } from "../render/quantities.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** A gateway's view. */
export interface GatewayView {
  /** Shows where it serves and how to use it. */
  readonly begin: (gateway: StandaloneGateway) => void;
  readonly onRow: OnRow;
  /** Shows a line that is not about a request. */
  readonly notify: (line: string) => void;
  /** Shows what it came to; the last thing that a view shows. */
  readonly end: (gateway: StandaloneGateway) => void;
}

/** The view that the user asked for. */
export function createGatewayView(terminal: Terminal, { json }: { readonly json?: boolean }): GatewayView {
  return json === true ? createJsonView(terminal) : createTextView(terminal);
}

function createJsonView(terminal: Terminal): GatewayView {
  return {
    begin({ id, url, token, status, providers, credentials, limits }) {
      printJson(terminal, { type: "gateway_started", gateway: id, url, token, status, providers, credentials, limits });
    },
    onRow: (type, row) => printJson(terminal, { type, ...row }),
    notify: (line) => terminal.note(toSingleLine(line)),
    end: ({ id, totals }) => printJson(terminal, { type: "gateway_ended", gateway: id, ...totals }),
  };
}

function createTextView(terminal: Terminal): GatewayView {
  return {
    begin: (gateway) => terminal.print(...describeStart(gateway, terminal)),
    onRow: (type, row) => terminal.print(describeRow(type, row, terminal)),
    notify: (line) => terminal.note(toSingleLine(line)),
    end({ id, totals: { requests, refused, tokens, cost } }) {
      const refusals = refused === 0 ? "" : `, ${refused} refused`;
      const spent = `${describeCount(requests, "request")}${refusals}, ${describeCount(tokens, "token")}, ${describeMoney(cost)}`;
      terminal.print(`Gateway ${id}: ${spent}`, `Go on with it: cloister gateway --resume ${id}`);
    },
  };
}

function describeStart(gateway: StandaloneGateway, { paint }: Terminal): string[] {
  const { id, url, token, status, providers, credentials, limits } = gateway;
  const facts = [
    ["url", url],
    ["token", token],
    ["status", status],
    ["budget", describeLimits(limits)],
    ...credentials.map(({ label, from }, index) => [
      index === 0 ? "credentials" : "",
      `${label} (${toSingleLine(from)})`,
    ]),
  ];
  const exports = PROVIDERS.filter((provider) => providers.includes(provider)).flatMap((provider) =>
    USE[provider](url).map(([name, value]) => `  export ${name}=${value ?? token}`),
  );
  return [
    paint("bold", `Gateway ${id} serves until you interrupt it.`),
    ...renderTable(FACT_COLUMNS, facts).slice(1),
    "",
    "Use it from another shell:",
    ...exports,
    "",
  ];
}

const FACT_COLUMNS: readonly Column[] = [{ title: "" }, { title: "" }];

/** What clients of each provider read. Where the value is left out, it is the token. */
const USE: Readonly<Record<Provider, (url: string) => readonly (readonly [name: string, value?: string])[]>> = {
  anthropic: (url) => [["ANTHROPIC_BASE_URL", url], ["ANTHROPIC_API_KEY"]],
  openai: (url) => [["OPENAI_BASE_URL", `${url}/v1`], ["OPENAI_API_KEY"]],
  gemini: (url) => [["GOOGLE_GEMINI_BASE_URL", url], ["GEMINI_API_KEY"]],
};

function describeLimits({ maxCost, maxTokens }: BudgetLimits): string {
  const limits = [
    ...(maxCost === undefined ? [] : [describeMoney(maxCost)]),
    ...(maxTokens === undefined ? [] : [describeCount(maxTokens, "token")]),
  ];
  return limits.length === 0 ? "none (set one with --max-cost)" : limits.join(", ");
}

function describeRow(type: Parameters<OnRow>[0], row: LedgerRow, { paint, now }: Terminal): string {
  const clock = paint("dim", describeClock(now()));
  const model = toSingleLine(row.model ?? "unknown model");
  if (type === "request_refused") return `${clock} ${paint("yellow", `${model} refused: ${row.refused ?? ""}`)}`;
  const { input, cached, cacheWrite, output, status, cost, durationMs, completeness } = row;
  const tokens = `${describeTokens(input + cached + cacheWrite)} in, ${describeTokens(output)} out`;
  const doubt = completeness === "whole" || completeness === "none" ? "" : `, ${completeness}`;
  return `${clock} ${model} ${status}: ${tokens}, ${describeMoney(cost)}, ${durationMs} ms${doubt}`;
}
