import type { WorkerMachineStatistics } from "../../src/browser/index.ts";

/** Shows what a machine does. */
export interface StatisticsView {
  show(statistics: WorkerMachineStatistics): void;
  /** Begins anew, for another machine. */
  clear(): void;
}

type Cells = Readonly<Record<string, string>>;

const MILLION = 1e6;
const MIB_BYTES = 2 ** 20;
const NUMBER = new Intl.NumberFormat("en");
/** How instructions were run, the slowest first: each has a class of that name in the style sheet. */
const TIERS = ["interpreter", "block", "region"] as const;

/**
 * Makes the view.
 * @param list the figures are written there
 * @param bar shows how the instructions were run
 */
export function createStatisticsView(list: HTMLElement, bar: HTMLElement): StatisticsView {
  let last = { instructions: 0, at: performance.now() };
  const cells = new Map<string, HTMLElement>();
  const set = (name: string, text: string): void => {
    const cell = cells.get(name) ?? addCell(list, name);
    cells.set(name, cell);
    cell.textContent = text;
  };
  const parts = TIERS.map((tier) => addPart(bar, tier));
  return {
    show(statistics) {
      const { instructions, byTier } = statistics;
      const now = { instructions, at: performance.now() };
      const mips = (now.instructions - last.instructions) / MILLION / ((now.at - last.at) / 1000);
      last = now;
      for (const [name, text] of Object.entries(describe(statistics, mips))) set(name, text);
      TIERS.forEach((tier, index) => parts[index]?.style.setProperty("flex-grow", String(byTier[tier])));
    },
    clear() {
      last = { instructions: 0, at: performance.now() };
    },
  };
}

function describe({ instructions, compiled, loaded, byTier, cache }: WorkerMachineStatistics, mips: number): Cells {
  const cached = instructions === 0 ? 0 : Math.round((byTier.cached / instructions) * 100);
  return {
    MIPS: mips.toFixed(mips < 10 ? 1 : 0),
    "Million instructions": NUMBER.format(Math.round(instructions / MILLION)),
    "Blocks compiled": NUMBER.format(compiled.block),
    "Regions compiled": NUMBER.format(compiled.region),
    "Units from the cache": NUMBER.format(loaded.block + loaded.region),
    "Run from the cache, %": NUMBER.format(cached),
    "Units in the cache": NUMBER.format(cache?.units ?? 0),
    "Cache, MiB": ((cache?.bytes ?? 0) / MIB_BYTES).toFixed(1),
  };
}

function addCell(list: HTMLElement, name: string): HTMLElement {
  const row = document.createElement("div");
  const term = document.createElement("dt");
  const value = document.createElement("dd");
  term.textContent = name;
  row.append(term, value);
  list.append(row);
  return value;
}

function addPart(bar: HTMLElement, tier: string): HTMLElement {
  const part = document.createElement("span");
  part.className = tier;
  part.title = `run in: ${tier}`;
  bar.append(part);
  return part;
}
