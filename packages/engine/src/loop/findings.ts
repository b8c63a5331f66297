import type { Finding } from "@cloister/core";
import type { Session } from "./session.ts";

/** Records a finding of the open iteration with what the plan's policy makes of it; `off` is not recorded. */
export function raiseFinding(session: Session, finding: Finding): void {
  const { open, charter } = session.state;
  const action = charter.guards[finding.name];
  if (open === undefined || action === "off") return;
  session.record({ type: "finding_raised", iteration: open.iteration, finding, blocks: action === "block" });
}
