/** The world around a command: where it prints, where it stands, who it is run by. The only place that writes to the streams. */
import { homedir } from "node:os";
import { styleText } from "node:util";

/** Names of `node:util` styles that Cloister uses. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Colours text where the stream shows colours (a terminal, NO_COLOR not set), else gives it back as it is. */
export type Paint = (style: Style, text: string) => string;

/** What a command may know of its surroundings, and how it prints. */
export interface Terminal {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  /** Standard output is a terminal that can be redrawn. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
  /** Aborted when nobody reads standard output any more. */
  readonly closed: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Prints lines to standard output. Never throws. */
  readonly print: (...lines: readonly string[]) => void;
  /** Writes to standard output as it is. Never throws. */
  readonly write: (text: string) => void;
  /** Prints lines for people to standard error. Never throws. */
  readonly note: (...lines: readonly string[]) => void;
  /** Calls `act` when the terminal has another size. Dispose to stop. */
  readonly onResize: (act: () => void) => Disposable;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** The terminal of this process. */
export function createTerminal(): Terminal {
  const { stdout, stderr, env } = process;
  const closed = new AbortController();
  for (const stream of [stdout, stderr])
    stream.on("error", () => {
      // EPIPE and its like: the reader has gone (`cloister logs | head`), which is its right.
      if (stream === stdout) closed.abort();
    });
  const write = (text: string): void => {
    if (!closed.signal.aborted) stdout.write(text);
  };
  return {
    cwd: process.cwd(),
    env: definedOnly(env),
    home: env["HOME"] ?? homedir(),
    interactive: stdout.isTTY && env["TERM"] !== "dumb" && env["CI"] === undefined,
    get columns() {
      return stdout.columns > 0 ? stdout.columns : DEFAULT_COLUMNS;
    },
    get rows() {
      return stdout.rows > 0 ? stdout.rows : DEFAULT_ROWS;
    },
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    closed: closed.signal,
    now: () => Date.now(),
    print: (...lines) => write(`${lines.join("\n")}\n`),
    write,
    note: (...lines) => void stderr.write(`${lines.join("\n")}\n`),
    onResize: (act) => {
      stdout.on("resize", act);
      return { [Symbol.dispose]: () => void stdout.off("resize", act) };
    },
  };
}

/** Prints a value as one line of JSON. */
export function printJson(terminal: Terminal, value: unknown): void {
  terminal.print(JSON.stringify(value));
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
