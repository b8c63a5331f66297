import type { RunId } from "@cloister/core";
import { EXIT_CODES } from "@cloister/core";
import { killRun, markerFor, type ResumeRequest, type RunContext, type RunSummary } from "@cloister/engine";
import type { Terminal } from "../terminal/terminal.ts";
import { createRunView, type ViewOptions } from "./run-view.ts";
import { catchSignals } from "./stop-signals.ts";

/** What a run needs to be seen and stopped. */
export type RunHooks = Required<Pick<RunContext, "onEvent" | "notify" | "signal">> & Pick<ResumeRequest, "onState">;

/** Shows a run from start to end, and ends it when this process is told to. @returns the exit code that its end calls for. */
export async function presentRun(
  terminal: Terminal,
  options: ViewOptions,
  start: (hooks: RunHooks) => Promise<RunSummary>,
): Promise<number> {
  using view = createRunView(terminal, options);
  let run: RunId | undefined;
  using signals = catchSignals({
    onStop: () => view.notify("stopping; what was done is kept (interrupt again to end at once)"),
    onImpatience: () => void endNow(run),
  });
  const summary = await start({
    signal: signals.signal,
    notify: view.notify,
    onState: (state) => {
      run = state.charter.run;
      view.begin(state);
    },
    onEvent: (stamped, position) => {
      if (stamped.event.type === "run_created") run = stamped.event.charter.run;
      view.onEvent(stamped, position);
    },
  });
  view.end(summary);
  return summary.exitCode;
}

/** Ends what the run started, then this process. The journal is whole at any moment: resume goes on from there. */
async function endNow(run: RunId | undefined): Promise<never> {
  if (run !== undefined) await killRun(markerFor(run));
  process.exit(EXIT_CODES.interrupted);
}
