/** What the configuration says of machines. */
import {
  DRIVER_NAMES,
  type EgressRule,
  type MachineChoice,
  type Mount,
  parseEgressRule,
  type SecretRule,
} from "@cloister/core";
import { z } from "zod";
import type { Part } from "./config-part.ts";
import { choice, count, fields, flag, text } from "./fields.ts";

const MAX_ENTRIES = 1000;
const ADDRESS = "a host and port such as example.org:443";

/** Settings of machines, under the names that files use for them. */
export type MachineSettings = {
  readonly driver: (typeof DRIVER_NAMES)[number];
  readonly image?: string;
  readonly perMachine?: number;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly diskMib: number;
  readonly processes: number;
  readonly allowHosts: readonly EgressRule[];
  readonly secrets: readonly SecretRule[];
  readonly mounts: readonly Mount[];
  readonly copyCredentials: boolean;
};

const address: z.ZodType<EgressRule, string> = text(ADDRESS).transform((written, context) => {
  const rule = parseEgressRule(written);
  if (rule !== undefined) return rule;
  context.addIssue({ code: "custom", message: `expected ${ADDRESS}` });
  return z.NEVER;
});

const secret: z.ZodType<SecretRule> = fields({
  variable: z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/, { error: "expected a variable's name such as GITHUB_TOKEN" }),
  host: address,
  header: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,99}$/, { error: "expected a header's name" }),
}).transform(({ variable, host, header }) => ({ variable, header: header.toLowerCase(), ...host }));

const absolute = text("an absolute path").refine((path) => path.startsWith("/") && !path.split("/").includes(".."), {
  error: "expected an absolute path without ..",
});

const mount: z.ZodType<Mount> = fields({
  from: absolute,
  to: absolute.optional(),
  writable: flag.optional(),
}).transform(({ from, to = from, writable = false }) => ({ from, to, writable }));

/** The machines' part of the configuration. */
export const machine: z.ZodType<Part<MachineSettings>> = fields({
  driver: choice(DRIVER_NAMES)
    .optional()
    .describe("What agents and gates run in; `host`: nothing, they run as you.")
    .meta({ variable: "CLOISTER_MACHINE_DRIVER" }),
  image: text("an image's name")
    .optional()
    .describe("What a machine starts from: an image of `cloister image list`, or a name that the driver knows."),
  perMachine: count(1)
    .optional()
    .describe(
      "How many runs share a machine: denser, but they see each other, and share its limits. Usually one has it alone. In the user's own file only.",
    ),
  memoryMib: count(64).optional().describe("Memory of a machine, in MiB."),
  cpus: z
    .number({ error: "expected a number above 0" })
    .gt(0)
    .max(1024)
    .optional()
    .describe("Processor cores of a machine."),
  diskMib: count(16).optional().describe("What a machine may write, in MiB."),
  processes: count(16).optional().describe("Processes and threads of a machine at one time."),
  allowHosts: z
    .array(address, { error: `expected a list, each ${ADDRESS}` })
    .max(MAX_ENTRIES)
    .optional()
    .describe("Hosts and ports that a machine may reach, besides the model gateway. In the user's own file only."),
  secrets: z
    .array(secret, { error: "expected a list of secrets, each with variable, host and header" })
    .max(MAX_ENTRIES)
    .optional()
    .describe(
      "Credentials that a machine may use without having them: variable, host (with port), header. In the user's own file only.",
    ),
  mounts: z
    .array(mount, { error: "expected a list of mounts, each with from" })
    .max(MAX_ENTRIES)
    .optional()
    .describe("Folders of the host that a machine sees: from, to, writable. In the user's own file only."),
  copyCredentials: flag
    .optional()
    .describe(
      "Copy your agents' login files into machines. In the user's own file only; see docs/machines.md for the risk.",
    ),
});

/** The machine that the settings ask for; undefined: none, the host itself. */
export function toMachineChoice(settings: MachineSettings): MachineChoice | undefined {
  const { driver, image, perMachine, memoryMib, cpus, diskMib, processes, allowHosts, ...policy } = settings;
  if (driver === "host") return undefined;
  const { secrets, mounts, copyCredentials } = policy;
  return {
    driver,
    ...(image === undefined ? {} : { image }),
    ...(perMachine === undefined ? {} : { perMachine }),
    policy: { limits: { memoryMib, cpus, diskMib, processes }, egress: allowHosts, secrets, mounts, copyCredentials },
  };
}
