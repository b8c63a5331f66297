import type { GateContext } from "../gates/port.ts";
import type { Session } from "./session.ts";

/** What a gate needs, in the open iteration (or none: iteration 0). */
export function gateContext(session: Session): GateContext {
  const { state, parts, machine } = session;
  return {
    workspace: state.charter.workspace,
    env: machine.env,
    marker: session.marker(state.open?.iteration ?? 0),
    machine,
    evidence: parts.evidence,
    signal: session.stopping.signal,
  };
}
