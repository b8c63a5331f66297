import type { GateContext } from "../gates/port.ts";
import type { Session } from "./session.ts";

/** What a gate needs, in the open iteration (or none: iteration 0). */
export function gateContext(session: Session): GateContext {
  const { state, parts } = session;
  return {
    workspace: state.charter.workspace,
    env: parts.env,
    marker: session.marker(state.open?.iteration ?? 0),
    startProcess: parts.startProcess,
    evidence: parts.evidence,
    signal: session.stopping.signal,
  };
}
