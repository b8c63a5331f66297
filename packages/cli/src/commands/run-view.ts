/** The three ways in which a run is shown while it goes on: events for programs, plain lines, a live view. Each eats the same events. */
import type { RunState, StampedEvent } from "@cloister/core";
import type { OnEvent, RunSummary } from "@cloister/engine";
import { describeEvent } from "../render/describe-event.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { followProgress, NO_PROGRESS, type Progress, withActivity } from "../render/progress.ts";
import { renderProgress } from "../render/render-progress.ts";
import { renderEnd } from "../render/run-end.ts";
import { stampLine } from "../render/tone.ts";
import { LiveBlock } from "../terminal/live-block.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** A run's view. Disposing of it gives the terminal back. */
export interface RunView extends Disposable {
  readonly onEvent: OnEvent;
  /** Begins with the state so far of a run that is resumed. */
  readonly begin: (state: RunState) => void;
  /** Shows a line that is not an event. */
  readonly notify: (line: string) => void;
  /** Shows how the run ended; the last thing that a view shows. */
  readonly end: (summary: RunSummary) => void;
}

/** What a view begins with. */
export type ViewOptions = { readonly json?: boolean };

/** The view that fits the terminal and the user's wish. */
export function createRunView(terminal: Terminal, { json }: ViewOptions): RunView {
  if (json === true) return createJsonView(terminal);
  return terminal.interactive ? createLiveView(terminal, NO_PROGRESS) : createPlainView(terminal, NO_PROGRESS);
}

function createJsonView(terminal: Terminal): RunView {
  return {
    onEvent: ({ time, event }, position) => printJson(terminal, { position, time, ...event }),
    begin: () => undefined,
    notify: (line) => terminal.note(toSingleLine(line)),
    end: (summary) => printJson(terminal, summary),
    [Symbol.dispose]: () => undefined,
  };
}

function createPlainView(terminal: Terminal, first: Progress): RunView {
  let progress = first;
  return {
    begin(state) {
      progress = { ...progress, state };
    },
    onEvent(stamped) {
      progress = followProgress(progress, stamped);
      const line = describeEvent(stamped.event);
      // How the run ended is the last word, and said in full there.
      if (line === undefined || stamped.event.type === "run_ended") return;
      terminal.print(stampLine(terminal.paint, stamped.time, line));
    },
    notify: (line) => terminal.print(toSingleLine(line)),
    end: (summary) => terminal.print(...renderEnd(summary, progress.state, terminal)),
    [Symbol.dispose]: () => undefined,
  };
}

function createLiveView(terminal: Terminal, first: Progress): RunView {
  let progress = first;
  const block = new LiveBlock(terminal, () => {
    const { columns, rows, paint } = terminal;
    return ["", ...renderProgress(progress, { columns, rows, paint, now: terminal.now() })];
  });
  let shown = true;
  const close = (): void => {
    if (shown) block[Symbol.dispose]();
    shown = false;
  };
  return {
    begin(state) {
      progress = { ...progress, state };
      block.refresh();
    },
    onEvent(stamped) {
      progress = followProgress(progress, stamped);
      printNews(block, terminal, stamped);
      block.refresh();
    },
    notify(line) {
      progress = withActivity(progress, line);
      block.printAbove(terminal.paint("dim", toSingleLine(line)));
    },
    end(summary) {
      close();
      terminal.print(...renderEnd(summary, progress.state, terminal));
    },
    [Symbol.dispose]: close,
  };
}

/** What is worth keeping scrolls by above the view; the rest is in the view, and in `cloister logs`. */
function printNews(block: LiveBlock, terminal: Terminal, { time, event }: StampedEvent): void {
  const line = describeEvent(event);
  if (line === undefined || line.tone === "quiet" || event.type === "run_ended") return;
  block.printAbove(stampLine(terminal.paint, time, line));
}
