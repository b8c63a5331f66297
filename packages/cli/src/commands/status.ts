import { describeDuration, describeMoney, type RunId, runtimeMs } from "@cloister/core";
import { findRepository, findRunStore, listRunIds, readRun, type RunStore } from "@cloister/engine";
import type { StatusOptions } from "../definitions/watching.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { describeDate } from "../render/quantities.ts";
import { describeStanding, renderStatus, type Standing, toStatusJson } from "../render/status.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { openRun } from "./open-run.ts";

const COLUMNS: readonly Column[] = [
  { title: "RUN" },
  { title: "STARTED" },
  { title: "STATE" },
  { title: "DONE", align: "right" },
  { title: "ITERATIONS", align: "right" },
  { title: "COST", align: "right" },
  { title: "TIME", align: "right" },
  { title: "PLAN" },
];

/** `cloister status [RUN] [--all]`. */
export const status: CommandHandler<StatusOptions> = async ({ args: [wanted], options }, terminal) => {
  if (options.all === true) return showAll(options, terminal);
  const { store, run } = await openRun(terminal, wanted);
  const standing = readRun(store, run);
  if (options.json === true) printJson(terminal, toStatusJson(standing, terminal.now()));
  else terminal.print(...renderStatus(standing, toView(terminal)));
  return 0;
};

async function showAll({ json }: StatusOptions, terminal: Terminal): Promise<number> {
  const { root } = await findRepository(terminal.cwd, terminal.env);
  const store = findRunStore(root);
  const standings = store === undefined ? [] : listRunIds(store).map((run) => readStanding(store, run));
  if (json === true) for (const standing of standings) printJson(terminal, toStatusJson(standing, terminal.now()));
  else if (standings.length === 0) terminal.print("This repository has no runs. Start one with: cloister run PLAN");
  else terminal.print(...renderList(standings, terminal));
  return 0;
}

/** Keeps the state alone: the events of every run together might not fit. */
function readStanding(store: RunStore, run: RunId): Standing {
  const { state, alive } = readRun(store, run);
  return { state, alive };
}

function renderList(standings: readonly Standing[], terminal: Terminal): string[] {
  const rows = standings.map(({ state, alive }) => [
    state.charter.run,
    describeDate(state.startedAt),
    describeStanding({ state, alive }),
    `${state.tasks.filter((task) => task.status === "done").length}/${state.tasks.length}`,
    String(state.iterations),
    describeMoney(state.cost),
    describeDuration(runtimeMs(state, alive ? terminal.now() : state.lastEventAt)),
    toSingleLine(state.charter.plan.title),
  ]);
  return renderTable(COLUMNS, rows, terminal.interactive ? terminal.columns : undefined);
}

function toView(terminal: Terminal): { now: number; columns: number; paint: Terminal["paint"] } {
  const { columns, paint } = terminal;
  return { now: terminal.now(), columns, paint };
}
