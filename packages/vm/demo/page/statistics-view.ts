import type { MachineStatistics } from "../../src/machine/statistics.ts";

/** Shows what a machine does. */
export interface StatisticsView {
  show(statistics: MachineStatistics): void;
  /** Begins anew, for another machine. */
  clear(): void;
}

const MILLION = 1e6;
const NUMBER = new Intl.NumberFormat("en");

/** Makes the view. @param list it is written there */
export function createStatisticsView(list: HTMLElement): StatisticsView {
  let last = { instructions: 0, at: performance.now() };
  const cells = new Map<string, HTMLElement>();
  const set = (name: string, text: string): void => {
    const cell = cells.get(name) ?? addCell(list, name);
    cells.set(name, cell);
    cell.textContent = text;
  };
  return {
    show({ instructions, compiled, loaded }) {
      const now = { instructions, at: performance.now() };
      const mips = (now.instructions - last.instructions) / MILLION / ((now.at - last.at) / 1000);
      last = now;
      set("MIPS", mips.toFixed(mips < 10 ? 1 : 0));
      set("Million instructions", NUMBER.format(Math.round(instructions / MILLION)));
      set("Blocks compiled", NUMBER.format(compiled.block));
      set("Regions compiled", NUMBER.format(compiled.region));
      set("Units from the cache", NUMBER.format(loaded.block + loaded.region));
    },
    clear() {
      last = { instructions: 0, at: performance.now() };
    },
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
