/** Commands about this host and this repository. */
import { DRIVER_NAMES, type DriverName } from "@cloister/core";
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { choice, flag, integer, text } from "../program/option-values.ts";
import { JSON_OPTION, type JsonOption } from "./shared-options.ts";

/** Shells that completion is made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** Options of `cloister doctor`. */
export type DoctorOptions = JsonOption & {
  readonly plan?: number;
  readonly verifyIsolation?: boolean;
  readonly driver?: DriverName;
  readonly image?: string;
};
/** Options of `cloister testkit model-server`. */
export type ModelServerOptions = JsonOption & { readonly port?: number };
/** Options of `cloister testkit mock-agent`. */
export type MockAgentOptions = JsonOption & { readonly scenario?: string };

/** `cloister init`. */
export const INIT: AnyCommand = defineCommand<JsonOption>({
  name: "init",
  summary: "write cloister.yaml and a plan to fill in, where they are missing",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/init.ts")).init,
});

/** `cloister agents`. */
export const AGENTS: AnyCommand = defineCommand<JsonOption>({
  name: "agents",
  summary: "list the agents: installed, logged in, able to do what",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/agents.ts")).agents,
});

/** `cloister doctor`. */
export const DOCTOR: AnyCommand = defineCommand<DoctorOptions>({
  name: "doctor",
  summary: "say what works on this host, what does not, and why",
  description:
    "Checks what Cloister needs on this host and in this repository, and tries each kind of machine. Exit code 7 where something must be " +
    "mended first, or a machine's isolation does not hold.",
  args: [],
  options: {
    plan: integer("loops", "say how many machines of which size this many loops get here", 1),
    verifyIsolation: flag("try to get out of a machine, and say what came of it"),
    driver: choice("name", DRIVER_NAMES, "the machines that are meant (default: sandbox)"),
    image: text("name", "what the machine starts from, whose isolation is tried"),
    json: JSON_OPTION,
  },
  examples: [
    ["doctor --plan 8 --driver qemu", "what eight virtual machines would get"],
    ["doctor --verify-isolation --driver sandbox", "prove the boundary on this host"],
  ],
  load: async () => (await import("../commands/doctor.ts")).doctor,
});

/** `cloister config`. */
export const CONFIG: AnyCommand = defineCommand<JsonOption>({
  name: "config",
  summary: "print the effective configuration and where each value comes from",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/config.ts")).config,
});

/** `cloister completion`. */
export const COMPLETION: AnyCommand = defineCommand<object>({
  name: "completion",
  summary: "print the completion script of a shell",
  args: [{ name: "shell", help: SHELLS.join(", "), required: true, completes: SHELLS }],
  options: {},
  examples: [["completion bash > ~/.local/share/bash-completion/completions/cloister", "install it for bash"]],
  load: async () => (await import("../commands/completion.ts")).completion,
});

/** `cloister demo`. */
export const DEMO: AnyCommand = defineCommand<JsonOption>({
  name: "demo",
  summary: "run the whole thing offline on a sample repository; no key needed",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/demo.ts")).demo,
});

/** `cloister testkit`. */
export const TESTKIT: AnyCommand = defineCommand<object>({
  name: "testkit",
  summary: "tools for testing loops without a model provider",
  args: [],
  options: {},
  children: [
    defineCommand<ModelServerOptions>({
      name: "model-server",
      summary: "serve scripted model answers on this host, in the wire formats of the usual providers",
      args: [{ name: "script", help: "the script (YAML or JSON)", required: true, completes: "files" }],
      options: { port: integer("port", "port to listen on (default: a free one)", 0), json: JSON_OPTION },
      load: async () => (await import("../commands/testkit.ts")).modelServer,
    }),
    defineCommand<MockAgentOptions>({
      name: "mock-agent",
      summary: "write a program that stands for an agent's CLI and does what a scenario says",
      args: [
        { name: "program", help: "its name, such as claude, codex or my-agent", required: true, completes: "nothing" },
        { name: "folder", help: "where it is written; put it first on PATH", required: true, completes: "files" },
      ],
      options: { scenario: text("name", "what it does, or how it fails (default: honest_work)"), json: JSON_OPTION },
      examples: [["testkit mock-agent claude ./mocks --scenario honest_work", "a claude that works without a model"]],
      load: async () => (await import("../commands/testkit.ts")).mockAgent,
    }),
  ],
});
