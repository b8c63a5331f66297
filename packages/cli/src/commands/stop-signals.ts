import type { StopReason } from "@cloister/engine";

/** How the signals of this process end a run. */
export interface StopSignals extends Disposable {
  /** Aborted with the {@link StopReason} of the first signal. */
  readonly signal: AbortSignal;
}

/** What is done about signals, besides aborting. */
export type SignalActions = {
  /** The first signal: the run is being stopped. */
  readonly onStop: (reason: StopReason) => void;
  /** A second interrupt: the user does not want to wait. */
  readonly onImpatience: () => void;
};

const TERMINATING = ["SIGTERM", "SIGHUP"] as const;

/** Catches the signals that end a run, until disposed of. */
export function catchSignals({ onStop, onImpatience }: SignalActions): StopSignals {
  const controller = new AbortController();
  const stop = (reason: StopReason): void => {
    if (controller.signal.aborted) return;
    controller.abort(reason);
    onStop(reason);
  };
  const interrupt = (): void => {
    if (controller.signal.aborted) onImpatience();
    else stop("interrupted");
  };
  const terminate = (): void => stop("terminated");
  process.on("SIGINT", interrupt);
  for (const name of TERMINATING) process.on(name, terminate);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off("SIGINT", interrupt);
      for (const name of TERMINATING) process.off(name, terminate);
    },
  };
}
