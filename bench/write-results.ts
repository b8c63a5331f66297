/** The two pages that hold figures: bench/RESULTS.md is written whole, docs/performance.md between its markers. */
import { readFileSync, writeFileSync } from "node:fs";
import type { Findings } from "./measurement.ts";
import { renderBreakdown, renderMeasurements } from "./render-results.ts";

/** What a scenario found, and how busy the machine was before and after. */
export type TakenFindings = {
  readonly name: string;
  readonly findings: Findings;
  readonly loadBefore: number;
  readonly loadAfter: number;
};

const BEGIN = "<!-- figures -->";
const END = "<!-- /figures -->";

const NOT_MEASURED = `## Not measured

- Real agents and models: the agent here is a shell that takes a few milliseconds. An agent that runs for minutes is looked after meanwhile (once a second), which costs processor time, not waiting time.
- Large repositories: git here has some fifty files. \`git status\` and \`git add\` grow with the checkout, and are most of an iteration there.
- Gates that do something, reruns for flakiness, witnesses: they cost what the project's own tests cost.
- Other systems than Linux, disks that are slow to sync, and file systems over a network.
- Real providers: the gateway's is on the same machine, without TLS, and answers at once.
- Virtual machines on KVM or HVF, and machines on other hosts (\`ssh\`): these run under emulation.
- The live view of a terminal: output goes to a file as NDJSON.
`;

/** The page bench/RESULTS.md. */
export function renderResults(machine: readonly string[], taken: readonly TakenFindings[]): string {
  const measurements = taken.flatMap(({ findings }) => findings.measurements);
  const breakdowns = taken.flatMap(({ findings }) => findings.breakdowns);
  const loads = taken.map(
    ({ name, loadBefore, loadAfter }) => `${name} ${loadBefore.toFixed(1)} → ${loadAfter.toFixed(1)}`,
  );
  return `# Results of the bench

Written by \`npm run bench\`: real processes, a real git repository in a temporary folder, the journal synced to disk. Every round measures Cloister and its peers in turns;
"difference" is each figure of Cloister less the median of the peer in the same round; percentiles are by nearest rank.

${machine.map((fact) => `- ${fact}`).join("\n")}
- Load average (1 min) before → after: ${loads.join("; ")}. Above the number of cores, others were at work: figures are then too high.

${renderMeasurements(measurements)}

## Where the time goes

From the times of journal events, in whole milliseconds; means, so that they add up.

${breakdowns.map(renderBreakdown).join("\n\n")}

${NOT_MEASURED}`;
}

/** Replaces the figures of the page at \`path\`, which stand between two markers. */
export function updatePerformancePage(path: URL, taken: readonly TakenFindings[]): void {
  const text = readFileSync(path, "utf8");
  const [before, rest] = text.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`Expected ${BEGIN} and ${END} in ${path.pathname}.`);
  const tables = taken.flatMap(({ findings }) => findings.breakdowns).map(renderBreakdown);
  writeFileSync(path, `${before}${BEGIN}\n${tables.join("\n\n")}\n${END}${after}`);
}
