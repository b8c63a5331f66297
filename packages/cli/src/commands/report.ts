import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { CloisterError, type Report } from "@cloister/core";
import { readRun } from "@cloister/engine";
import { measureReport, renderHtml, renderMarkdown } from "@cloister/engine/report";
import type { ReportOptions } from "../definitions/watching.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { openRun } from "./open-run.ts";

const RENDERERS: Readonly<Record<NonNullable<ReportOptions["format"]>, (report: Report) => string>> = {
  md: renderMarkdown,
  html: renderHtml,
  json: (report) => `${JSON.stringify(report, null, 2)}\n`,
};

/** `cloister report [RUN]`. */
export const report: CommandHandler<ReportOptions> = async ({ args: [wanted], options }, terminal) => {
  const { store, run } = await openRun(terminal, wanted);
  const { events, headHash } = readRun(store, run);
  const text = RENDERERS[options.format ?? "md"](await measureReport(events, terminal.env, headHash));
  if (options.output === undefined) {
    terminal.write(text);
    return 0;
  }
  const path = resolve(terminal.cwd, options.output);
  writeText(path, text);
  terminal.note(`wrote ${path}`);
  return 0;
};

function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause: unknown) {
    const message = `The report can't be written: ${(cause as Error).message}.`;
    throw new CloisterError({ code: "usage_invalid", message, remedy: "Name another file.", cause });
  }
}
