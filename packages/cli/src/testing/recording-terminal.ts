import type { Terminal } from "../terminal/terminal.ts";

/** A terminal that keeps what it is given, for tests in this process. */
export interface RecordingTerminal extends Terminal {
  /** Everything on standard output so far. */
  readonly output: string;
  /** Everything on standard error so far. */
  readonly notes: string;
  /** Gives it another size, as a user does who drags the window. */
  readonly resize: (columns: number, rows: number) => void;
}

/** A terminal without colours, 80 by 24, whose clock stands still. */
export function createRecordingTerminal(changes: Partial<Terminal> = {}): RecordingTerminal {
  let [output, notes] = ["", ""];
  let size = { columns: changes.columns ?? 80, rows: changes.rows ?? 24 };
  const listeners = new Set<() => void>();
  return {
    cwd: "/",
    env: {},
    home: "/",
    interactive: false,
    paint: (_, text) => text,
    closed: new AbortController().signal,
    now: () => 0,
    print: (...lines) => void (output += `${lines.join("\n")}\n`),
    write: (text) => void (output += text),
    note: (...lines) => void (notes += `${lines.join("\n")}\n`),
    onResize: (act) => {
      listeners.add(act);
      return { [Symbol.dispose]: () => void listeners.delete(act) };
    },
    ...changes,
    get columns() {
      return size.columns;
    },
    get rows() {
      return size.rows;
    },
    get output() {
      return output;
    },
    get notes() {
      return notes;
    },
    resize(columns, rows) {
      size = { columns, rows };
      for (const act of listeners) act();
    },
  };
}
