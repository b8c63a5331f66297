import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildReport, type DiffStat, type Measurements, type PositionedEvent, type Report } from "@cloister/core";
import { openWorkTree } from "../vcs/index.ts";
import { renderHtml } from "./render-html.ts";
import { renderMarkdown } from "./render-markdown.ts";

/** What a report is written from. */
export type ReportRequest = {
  readonly events: Iterable<PositionedEvent>;
  /** Folder for the files; made where it does not exist. */
  readonly folder: string;
  /** Hash of the journal's last event. */
  readonly journalHash?: string;
  /** Environment for git. */
  readonly env: Readonly<Record<string, string>>;
};

/** The report's files (absolute where the folder is), and what they say. */
export type WrittenReport = {
  readonly markdown: string;
  readonly html: string;
  readonly json: string;
  readonly report: Report;
};

/** Writes a run's report in its three forms, each file at once. Throws where the folder can't be written. */
export async function writeReport({ events, folder, journalHash, env }: ReportRequest): Promise<WrittenReport> {
  const report = await measureReport(events, env, journalHash);
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(`${path}.tmp`, content);
    renameSync(`${path}.tmp`, path);
    return path;
  };
  return {
    markdown: write("report.md", renderMarkdown(report)),
    html: write("report.html", renderHtml(report)),
    json: write("report.json", `${JSON.stringify(report, null, 2)}\n`),
    report,
  };
}

/** The report of a run, with what only its repository knows; where that is out of reach, the report goes without. */
export async function measureReport(
  events: Iterable<PositionedEvent>,
  env: Readonly<Record<string, string>>,
  journalHash?: string,
): Promise<Report> {
  const journal = [...events];
  const measured: Measurements = journalHash === undefined ? {} : { journalHash };
  const { run } = buildReport(journal);
  const diff = await measureDiff(run, env);
  return buildReport(journal, diff === undefined ? measured : { ...measured, diff });
}

async function measureDiff(
  { repository, baseCommit, headCommit }: Report["run"],
  env: Readonly<Record<string, string>>,
): Promise<DiffStat | undefined> {
  try {
    return (await openWorkTree(repository, env).diff(baseCommit, headCommit)).stat;
  } catch {
    return undefined; // The repository has moved or the commits are gone: the journal's own figures remain.
  }
}
