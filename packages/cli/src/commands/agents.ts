import type { AgentCapabilities, AgentStatus } from "@cloister/core";
import { probeAgents } from "@cloister/engine";
import type { JsonOption } from "../definitions/shared-options.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import { toSingleLine } from "../render/plain-text.ts";
import { type Column, renderTable } from "../render/table.ts";
import { printJson } from "../terminal/terminal.ts";

type Probed = Awaited<ReturnType<typeof probeAgents>>[number];

const COLUMNS: readonly Column[] = [
  { title: "AGENT" },
  { title: "VERSION" },
  { title: "LOGIN" },
  { title: "CAN" },
  { title: "DETAIL" },
];

const CAPABILITIES: readonly (readonly [keyof AgentCapabilities, string])[] = [
  ["usage", "usage"],
  ["cost", "cost"],
  ["model", "model"],
  ["resume", "resume"],
  ["steering", "steering"],
];

/** `cloister agents`. */
export const agents: CommandHandler<JsonOption> = async ({ options }, terminal) => {
  const probed = await probeAgents(terminal.env);
  if (options.json === true) {
    const list = probed.map(({ adapter: { name, title, capabilities, limitations }, status }) => ({
      name,
      title,
      ...status,
      capabilities,
      limitations,
    }));
    printJson(terminal, list);
    return 0;
  }
  terminal.print(...renderTable(COLUMNS, probed.map(toRow), terminal.interactive ? terminal.columns : undefined));
  const limitations = probed.filter(isInstalled).flatMap(describeLimitations);
  if (limitations.length > 0) terminal.print("", "Limits of what is installed:", ...limitations);
  return 0;
};

function toRow({ adapter, status }: Probed): string[] {
  return [
    adapter.name,
    describeVersion(status),
    describeLogin(status),
    describeCapabilities(adapter.capabilities),
    toSingleLine(status.detail),
  ];
}

function describeVersion({ installed, version }: AgentStatus): string {
  return installed ? toSingleLine(version ?? "installed") : "not installed";
}

function describeLogin({ installed, login }: AgentStatus): string {
  return installed ? login.replaceAll("_", " ") : "–";
}

function describeCapabilities(capabilities: AgentCapabilities): string {
  return CAPABILITIES.flatMap(([key, word]) => (capabilities[key] === true ? [word] : [])).join(" ");
}

function isInstalled({ status }: Probed): boolean {
  return status.installed;
}

function describeLimitations({ adapter }: Probed): string[] {
  return adapter.limitations.map((limitation) => `  ${adapter.name}: ${toSingleLine(limitation)}`);
}
