/**
 * A block of lines at the bottom of the terminal that is redrawn in place, with ordinary output scrolling above it. It uses the
 * normal screen: what was printed stays when the program ends, however it ends.
 */
import { displayWidth } from "../render/plain-text.ts";
import type { Terminal } from "./terminal.ts";

const MIN_INTERVAL_MS = 100;
const HIDE_CURSOR = "\u001B[?25l";
const SHOW_CURSOR = "\u001B[?25h";
const CLEAR_BELOW = "\u001B[J";
/** Terminals that know it show everything between the two at once (synchronised output); others ignore it. */
const BEGIN_FRAME = "\u001B[?2026h";
const END_FRAME = "\u001B[?2026l";

/** Draws what `render` gives, ten times a second at most. */
export class LiveBlock implements Disposable {
  readonly #terminal: Terminal;
  readonly #render: () => readonly string[];
  readonly #resources: DisposableStack = new DisposableStack();
  #drawn: readonly string[] = [];
  #above: string[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, render: () => readonly string[]) {
    this.#terminal = terminal;
    this.#render = render;
    const tick = setInterval(() => this.refresh(), 1000);
    this.#resources.defer(() => clearInterval(tick));
    this.#resources.use(terminal.onResize(() => this.refresh()));
    const showCursor = (): void => terminal.write(SHOW_CURSOR);
    process.once("exit", showCursor); // However the process ends, the cursor comes back.
    this.#resources.defer(() => {
      process.off("exit", showCursor);
      showCursor();
    });
    terminal.write(HIDE_CURSOR);
    this.refresh();
  }

  /** Draws soon: calls in between are drawn together. */
  refresh(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#draw(this.#render());
    }, MIN_INTERVAL_MS);
  }

  /** Prints a line above the block, where it scrolls away like any output. */
  printAbove(line: string): void {
    this.#above.push(line);
    this.refresh();
  }

  /** Takes the block away; what was printed above it stays. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#draw([]);
    this.#resources.dispose();
  }

  #draw(lines: readonly string[]): void {
    const { columns, rows } = this.#terminal;
    const shown = lines.slice(0, Math.max(1, rows - 1));
    const text = [...this.#above, ...shown].map((line) => `${line}\n`).join("");
    this.#terminal.write(`${BEGIN_FRAME}${this.#toTop(columns, rows)}${CLEAR_BELOW}${text}${END_FRAME}`);
    this.#above = [];
    this.#drawn = shown;
  }

  /** Moves to the block's first row. A terminal that became narrower has wrapped its lines: they take more rows than were drawn. */
  #toTop(columns: number, rows: number): string {
    const taken = this.#drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(displayWidth(line) / columns)), 0);
    const up = Math.min(taken, rows - 1);
    return up === 0 ? "" : `\r\u001B[${up}A`;
  }
}
