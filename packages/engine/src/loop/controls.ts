/** What a person tells a running loop: pause, go on, stop, a remark. Recorded first, then taken from the inbox. */
import type { RunEvent } from "@cloister/core";
import { waitingControls, type Control } from "../runs/inbox.ts";
import type { StopReason } from "./port.ts";
import type { Session } from "./session.ts";

/** Takes everything that waits in the inbox. */
export function takeControls(session: Session): void {
  for (const { control, take } of waitingControls(session.parts.paths.inbox)) {
    const event = toEvent(control, session.state.paused);
    if (event !== undefined) session.record(event);
    take();
    if (control.type === "stop") session.stopping.abort("interrupted" satisfies StopReason);
  }
}

function toEvent(control: Control, paused: boolean): RunEvent | undefined {
  switch (control.type) {
    case "pause":
      return paused ? undefined : { type: "run_paused" };
    case "unpause":
      return paused ? { type: "run_unpaused" } : undefined;
    case "steer":
      return { type: "remark_added", text: control.text };
    case "stop":
      return undefined;
    default:
      return control satisfies never;
  }
}
