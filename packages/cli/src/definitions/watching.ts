/** Commands that look at runs, and commands that speak to them. */
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { choice, flag, integer, text } from "../program/option-values.ts";
import { JSON_OPTION, type JsonOption, RUN_ARGUMENT } from "./shared-options.ts";

/** Options of `cloister status`. */
export type StatusOptions = JsonOption & { readonly all?: boolean };
/** Options of `cloister logs`. */
export type LogsOptions = JsonOption & { readonly follow?: boolean; readonly iteration?: number };
/** Options of `cloister stop`. */
export type StopOptions = JsonOption & { readonly now?: boolean };
/** Options of `cloister steer`. */
export type SteerOptions = JsonOption & { readonly run?: string };

/** The forms that a report is written in. */
const REPORT_FORMATS = ["md", "html", "json"] as const;
/** Options of `cloister report`. */
export type ReportOptions = { readonly format?: (typeof REPORT_FORMATS)[number]; readonly output?: string };
/** Options of `cloister audit`. */
export type AuditOptions = JsonOption & { readonly journal?: boolean; readonly run?: string };

/** `cloister status`. */
export const STATUS: AnyCommand = defineCommand<StatusOptions>({
  name: "status",
  summary: "show where a run stands",
  args: [RUN_ARGUMENT],
  options: { all: flag("list every run of this repository"), json: JSON_OPTION },
  load: async () => (await import("../commands/status.ts")).status,
});

/** `cloister logs`. */
export const LOGS: AnyCommand = defineCommand<LogsOptions>({
  name: "logs",
  summary: "print what happened in a run",
  args: [RUN_ARGUMENT],
  options: {
    follow: flag("go on printing until the run ends", { short: "f" }),
    iteration: integer("n", "only this iteration", 1),
    json: flag("print each event as a line of JSON"),
  },
  load: async () => (await import("../commands/logs.ts")).logs,
});

/** `cloister pause`. */
export const PAUSE: AnyCommand = defineCommand<JsonOption>({
  name: "pause",
  summary: "hold a run before its next iteration",
  description: "Holds a run once the iteration under way is over. `cloister resume` lets it go on.",
  args: [RUN_ARGUMENT],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/control.ts")).pause,
});

/** `cloister stop`. */
export const STOP: AnyCommand = defineCommand<StopOptions>({
  name: "stop",
  summary: "end a run; its work is kept",
  args: [RUN_ARGUMENT],
  options: { now: flag("emergency stop: end the run's process and everything it started at once"), json: JSON_OPTION },
  load: async () => (await import("../commands/control.ts")).stop,
});

/** `cloister steer`. */
export const STEER: AnyCommand = defineCommand<SteerOptions>({
  name: "steer",
  summary: "add a remark to a run's next prompt",
  args: [
    { name: "text", help: "what the agent should know or do", required: true, variadic: true, completes: "nothing" },
  ],
  options: { run: text("run", "id of the run (default: the newest run)", { completes: "runs" }), json: JSON_OPTION },
  examples: [['steer "Use the parser that is there already"', "the next iteration reads it"]],
  load: async () => (await import("../commands/control.ts")).steer,
});

/** `cloister report`. */
export const REPORT: AnyCommand = defineCommand<ReportOptions>({
  name: "report",
  summary: "print a run's report: what was done, by which evidence, at what cost",
  args: [RUN_ARGUMENT],
  options: {
    format: choice("format", REPORT_FORMATS, "form of the report; Markdown where nothing is said"),
    output: text("file", "write to this file instead of standard output", { short: "o", completes: "files" }),
  },
  load: async () => (await import("../commands/report.ts")).report,
});

/** `cloister audit`. */
export const AUDIT: AnyCommand = defineCommand<AuditOptions>({
  name: "audit",
  summary: "check a report that someone wrote, or a run's journal",
  description:
    "Checks each claim of a report against the repository and the journal: supported, contradicted or without evidence. " +
    "With --journal, checks that no recorded event of the run was changed. Exit code 7 where a claim is contradicted or the journal is damaged.",
  args: [{ name: "file", help: "the report (Markdown); with --journal, the run", completes: "files" }],
  options: {
    journal: flag("check a run's journal instead of a report"),
    run: text("run", "the run whose evidence counts (default: the newest run)", { completes: "runs" }),
    json: JSON_OPTION,
  },
  examples: [
    ["audit REPORT.md", "check a report line by line"],
    ["audit --journal", "check the newest run's journal"],
  ],
  load: async () => (await import("../commands/audit.ts")).audit,
});
