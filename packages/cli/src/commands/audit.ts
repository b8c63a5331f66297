import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { CloisterError, EXIT_CODES, type RunId } from "@cloister/core";
import {
  findRepository,
  findRunStore,
  type LedgerPlace,
  listLedgerPlaces,
  listRunIds,
  readRun,
  type RunStore,
  selectPlace,
  verifyJournal,
} from "@cloister/engine";
import { auditExitCode, auditReport, renderAudit, type RunJournal } from "@cloister/engine/audit";
import type { AuditOptions } from "../definitions/watching.ts";
import type { CommandCall, CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";
import { findRoot, openRun } from "./open-run.ts";

/** `cloister audit FILE` and `cloister audit --journal [RUN]`. */
export const audit: CommandHandler<AuditOptions> = (call, terminal) =>
  call.options.journal === true ? auditJournal(call, terminal) : auditFile(call, terminal);

async function auditJournal(
  { args: [wanted], options }: CommandCall<AuditOptions>,
  terminal: Terminal,
): Promise<number> {
  const { id: run, journal } = await findJournal(terminal, wanted ?? options.run);
  const verification = verifyJournal(journal);
  if (options.json === true) printJson(terminal, { run, ...verification });
  else if (verification.ok)
    terminal.print(`The journal of run ${run} is whole: ${verification.length} events, head ${verification.headHash}`);
  else
    terminal.print(
      `The journal of run ${run} is damaged at event ${verification.position}: expected ${toSingleLine(verification.expected)}, found ${toSingleLine(verification.found)}`,
    );
  return verification.ok ? 0 : EXIT_CODES.blocked;
}

/** The newest run's; where one is named, it may be a gateway's, too, which needs no repository. */
async function findJournal(terminal: Terminal, wanted: string | undefined): Promise<LedgerPlace> {
  if (wanted !== undefined) return selectPlace(listLedgerPlaces(terminal.env, await findRoot(terminal)), wanted);
  const { run, paths } = await openRun(terminal, wanted);
  return { id: run, ...paths };
}

async function auditFile({ args: [file], options }: CommandCall<AuditOptions>, terminal: Terminal): Promise<number> {
  const text = readText(file, terminal.cwd);
  const { root } = await findRepository(terminal.cwd, terminal.env);
  const journals = await findJournals(options.run, root, terminal);
  const result = await auditReport({ text, file: file ?? "", repository: root, env: terminal.env, journals });
  if (options.json === true) printJson(terminal, result);
  else terminal.write(renderAudit(result));
  return auditExitCode(result);
}

function readText(file: string | undefined, folder: string): string {
  if (file === undefined)
    throw new CloisterError({
      code: "usage_invalid",
      message: "Expected the file of a report.",
      remedy: "Name one, or check a journal with: cloister audit --journal",
    });
  try {
    return readFileSync(resolve(folder, file), "utf8");
  } catch (cause: unknown) {
    const message = `The report can't be read: ${(cause as Error).message}.`;
    throw new CloisterError({ code: "usage_invalid", message, file, remedy: "Name a file that can be read.", cause });
  }
}

/** The journals that a report can speak of: the wanted run's, or every run's, the oldest first. Each is read when it is asked. */
async function findJournals(wanted: string | undefined, root: string, terminal: Terminal): Promise<RunJournal[]> {
  if (wanted !== undefined) {
    const { store, run } = await openRun(terminal, wanted);
    return [toJournal(store, run)];
  }
  const store = findRunStore(root);
  return store === undefined ? [] : listRunIds(store).map((run) => toJournal(store, run));
}

function toJournal(store: RunStore, run: RunId): RunJournal {
  return { run, events: { [Symbol.iterator]: () => readRun(store, run).events[Symbol.iterator]() } };
}
