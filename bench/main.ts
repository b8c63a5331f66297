/**
 * Measures what Cloister costs: `npm run bench` runs every scenario and writes bench/RESULTS.md and the figures of docs/performance.md;
 * `npm run bench -- NAME…` runs some, and only prints.
 */
import { writeFileSync } from "node:fs";
import { currentLoad, describeMachine } from "./machine.ts";
import type { Findings } from "./measurement.ts";
import { renderBreakdown, renderMeasurements } from "./render-results.ts";
import { GATEWAY } from "./scenarios/gateway.ts";
import { ITERATION_SCENARIOS } from "./scenarios/iteration.ts";
import { MACHINES } from "./scenarios/machines.ts";
import { MEMORY } from "./scenarios/memory.ts";
import { RESUME } from "./scenarios/resume.ts";
import { START_UP } from "./scenarios/start-up.ts";
import { VM } from "./scenarios/vm.ts";
import { renderResults, updatePerformancePage, type TakenFindings } from "./write-results.ts";

const SCENARIOS = [...ITERATION_SCENARIOS, START_UP, MEMORY, RESUME, GATEWAY, MACHINES, VM];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !SCENARIOS.some((scenario) => scenario.name === name));
if (unknown.length > 0)
  throw new Error(`Expected names of ${SCENARIOS.map(({ name }) => name).join(", ")}, got ${unknown.join(", ")}.`);

const taken: TakenFindings[] = [];
for (const { name, measure } of SCENARIOS) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const loadBefore = currentLoad();
  const findings = await measure();
  taken.push({ name, findings, loadBefore, loadAfter: currentLoad() });
  print(name, findings);
}
if (wanted.length === 0) {
  const machine = describeMachine();
  writeFileSync(new URL("RESULTS.md", import.meta.url), renderResults(machine, taken));
  updatePerformancePage(new URL("../docs/performance.md", import.meta.url), taken);
}

function print(name: string, { measurements, breakdowns }: Findings): void {
  const tables = [renderMeasurements(measurements), ...breakdowns.map(renderBreakdown)];
  process.stdout.write(`## ${name}\n\n${tables.join("\n\n")}\n\n`);
}
