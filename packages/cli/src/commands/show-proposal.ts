import { proposeRun, resolveAgent, type RunRequest } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import { renderProposal, toProposalJson } from "../render/proposal.ts";
import { printJson, type Terminal } from "../terminal/terminal.ts";

/** `cloister run --dry-run`: shows what a run would do. Starts and writes nothing. */
export async function showProposal(request: RunRequest, { json }: JsonOption, terminal: Terminal): Promise<number> {
  const { config, env } = request;
  const [proposal, agent] = await Promise.all([
    proposeRun(request),
    resolveAgent({ name: config.agent, command: config.agentCommand, env }),
  ]);
  const shown = { proposal, agent: agent.adapter.name, agentReason: agent.reason };
  if (json === true) printJson(terminal, toProposalJson(shown));
  else terminal.print(...renderProposal(shown, terminal));
  return 0;
}
