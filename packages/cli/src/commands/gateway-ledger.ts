import {
  addAmount,
  type Amount,
  CloisterError,
  describeCount,
  describeMoney,
  EXIT_CODES,
  type LedgerRow,
  NO_AMOUNT,
} from "@cloister/core";
import { type LedgerPlace, listLedgerPlaces, readLedger, selectPlace } from "@cloister/engine";
import type { LedgerOptions } from "../definitions/gateway.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { describeClock, describeDate } from "../render/quantities.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { findRoot } from "./open-run.ts";

/** `cloister gateway ledger`. */
export const gatewayLedger: CommandHandler<LedgerOptions> = async ({ options }, terminal) => {
  const all = listLedgerPlaces(terminal.env, await findRoot(terminal));
  const places = options.run === undefined ? all : [selectPlace(all, options.run)];
  const read = places.map((place) => tryRead(place, terminal));
  const rows = read.flatMap((found) => found ?? []).sort(byTime);
  if (options.json === true) for (const row of rows) printJson(terminal, row);
  else if (rows.length === 0) terminal.print("No request was made yet. Serve some with: cloister gateway");
  else terminal.print(...renderLedger(rows, terminal));
  return read.includes(undefined) ? EXIT_CODES.internal_error : 0;
};

/** One journal that is damaged must not hide the others. */
function tryRead(place: LedgerPlace, terminal: Terminal): readonly LedgerRow[] | undefined {
  try {
    return readLedger(place);
  } catch (error: unknown) {
    if (!CloisterError.isInstance(error)) throw error;
    terminal.note(`error: ${toSingleLine(error.describe())} Its requests are left out.`);
    return undefined;
  }
}

/** Times are ISO 8601 in UTC: they sort as text. */
function byTime(left: LedgerRow, right: LedgerRow): number {
  if (left.time === right.time) return 0;
  return left.time < right.time ? -1 : 1;
}

const COLUMNS: readonly Column[] = [
  { title: "TIME" },
  { title: "RUN" },
  { title: "TASK" },
  { title: "STATUS", align: "right" },
  { title: "INPUT", align: "right" },
  { title: "CACHED", align: "right" },
  { title: "WRITTEN", align: "right" },
  { title: "OUTPUT", align: "right" },
  { title: "COST", align: "right" },
  { title: "MS", align: "right" },
  { title: "MODEL" },
];

function renderLedger(rows: readonly LedgerRow[], terminal: Terminal): string[] {
  const cells = rows.map((row) => {
    const { time, run, task, iteration, input, cached, cacheWrite, output, cost, durationMs, model } = row;
    const began = Date.parse(time);
    return [
      `${describeDate(began).slice(0, 10)} ${describeClock(began)}`,
      run,
      task === "" ? "" : `${toSingleLine(task)}#${iteration}`,
      describeStatus(row),
      ...[input, cached, cacheWrite, output].map(String),
      describeMoney(cost),
      String(durationMs),
      toSingleLine(model ?? ""),
    ];
  });
  const { cost, tokens } = rows.map(toAmount).reduce(addAmount, NO_AMOUNT);
  const total = `${describeCount(rows.length, "request")}, ${describeCount(tokens, "token")}, ${describeMoney(cost)}`;
  return [...renderTable(COLUMNS, cells, terminal.interactive ? terminal.columns : undefined), "", `Total: ${total}`];
}

function describeStatus({ refused, completeness, status }: LedgerRow): string {
  if (completeness === "lost") return "lost";
  if (refused !== null) return `refused (${refused})`;
  return completeness === "partial" ? `${status} (partial)` : String(status);
}

function toAmount({ cost, input, cached, cacheWrite, output }: LedgerRow): Amount {
  return { cost, tokens: input + cached + cacheWrite + output };
}
