/** Machines: made, used and removed by hand. Runs make their own. */
import { DRIVER_NAMES, type DriverName, type EgressRule, type Mount } from "@cloister/core";
import { type AnyCommand, type ArgumentDefinition, defineCommand } from "../program/command-definition.ts";
import { choice, flag, hosts, integer, mounts, quantity, text } from "../program/option-values.ts";
import { JSON_OPTION, type JsonOption } from "./shared-options.ts";

/** Options of `cloister machine create`. Sizes in MiB. */
export type CreateOptions = JsonOption & {
  readonly driver?: DriverName;
  readonly image?: string;
  readonly name?: string;
  readonly memory?: number;
  readonly cpus?: number;
  readonly disk?: number;
  readonly processes?: number;
  readonly allowHost?: readonly EgressRule[];
  readonly mount?: readonly Mount[];
  readonly copyCredentials?: boolean;
};

/** Options of `cloister machine template`. */
export type TemplateOptions = Pick<CreateOptions, "driver" | "image" | "memory" | "cpus" | "disk" | "processes">;
/** Options of `cloister machine clone`. */
export type CloneOptions = JsonOption & { readonly name?: string; readonly snapshot?: string };
/** Options of `cloister machine exec`. */
export type ExecOptions = {
  readonly tty?: boolean;
  readonly user?: string;
  readonly cwd?: string;
  readonly timeLimit?: number;
};
/** Options of `cloister machine snapshot`. */
export type SnapshotOptions = JsonOption & { readonly disk?: boolean; readonly remove?: boolean };
/** Options of `cloister machine rm`. */
export type RemoveOptions = { readonly all?: boolean };

const MACHINE_ARGUMENT: ArgumentDefinition = {
  name: "machine",
  help: "name of the machine, its id, or the start of its id",
  required: true,
  completes: "nothing",
};

/** A command on one machine that says nothing but that it was done. */
function simple(name: string, summary: string): AnyCommand {
  return defineCommand<JsonOption>({
    name,
    summary,
    args: [MACHINE_ARGUMENT],
    options: { json: JSON_OPTION },
    load: async () => (await import("../commands/machine/change.ts")).change(name),
  });
}

const LIST: AnyCommand = defineCommand<JsonOption>({
  name: "list",
  summary: "list the machines and what they are doing",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/list.ts")).list,
});

const SIZE_OPTIONS = {
  memory: integer("mib", "memory, in MiB", 64),
  cpus: quantity("n", "processor cores"),
  disk: integer("mib", "what it may write, in MiB", 16),
  processes: integer("n", "processes and threads at one time", 16),
};

const CREATE: AnyCommand = defineCommand<CreateOptions>({
  name: "create",
  summary: "make a machine and start it",
  description:
    "Makes a machine and starts it. It has no network but a way to the hosts that you allow, no file of this host but the mounts, and no " +
    "credential. It stays until it is removed.",
  args: [],
  options: {
    driver: choice("name", DRIVER_NAMES, "what kind of machine"),
    image: text("name", "what it starts from: an image of `cloister image list`, or a name that the driver knows"),
    name: text("name", "what to call it (default: made up)"),
    ...SIZE_OPTIONS,
    allowHost: hosts("let it reach this host and port; may be given several times"),
    mount: mounts("a folder of this host that it sees, read-only unless :rw; may be given several times"),
    copyCredentials: flag("copy your agents' login files into it: whoever breaks the agent has them then"),
    json: JSON_OPTION,
  },
  examples: [
    ["machine create --driver sandbox --name try", "a sandbox with this host's programs, and none of your files"],
    ["machine create --driver qemu --image agents --memory 4096", "a virtual machine"],
  ],
  load: async () => (await import("../commands/machine/create.ts")).create,
});

const TEMPLATE: AnyCommand = defineCommand<TemplateOptions>({
  name: "template",
  summary: "boot a machine once and keep its memory: those made afterwards start from it",
  description:
    "Boots a machine of this image and size, starts git, node and the agents' programs once, and keeps its memory. Machines of the same image and " +
    "size that are made afterwards, by runs too, are copies of it: they are there in a fraction of a second.",
  args: [],
  options: {
    driver: choice("name", DRIVER_NAMES, "what kind of machine (default: qemu)"),
    image: text("name", "image to start from (default: agents)"),
    ...SIZE_OPTIONS,
  },
  load: async () => (await import("../commands/machine/template.ts")).template,
});

const CLONE: AnyCommand = defineCommand<CloneOptions>({
  name: "clone",
  summary: "make a copy of a machine",
  args: [MACHINE_ARGUMENT],
  options: {
    name: text("name", "what to call the copy (default: made up)"),
    snapshot: text("name", "copy this snapshot instead of what the machine is now"),
    json: JSON_OPTION,
  },
  load: async () => (await import("../commands/machine/copy.ts")).clone,
});

const FORK: AnyCommand = defineCommand<JsonOption>({
  name: "fork",
  summary: "make copies of a running machine, memory included; it goes on",
  args: [MACHINE_ARGUMENT, { name: "names", help: "what to call the copies", required: true, variadic: true }],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/copy.ts")).fork,
});

const EXEC_OPTIONS = {
  tty: flag("give the program a terminal", { short: "t" }),
  user: text("name", "user of the machine to run as"),
  cwd: text("folder", "folder of the machine to run in"),
  timeLimit: integer("seconds", "kill it after this long", 1),
};

const EXEC: AnyCommand = defineCommand<ExecOptions>({
  name: "exec",
  summary: "run a program in a machine",
  description:
    "Runs a program in a machine with this terminal's input and output, and ends with its exit status. Nothing that it started goes on afterwards.",
  args: [MACHINE_ARGUMENT, { name: "command", help: "the program and its arguments", required: true, variadic: true }],
  options: EXEC_OPTIONS,
  passesThrough: true,
  examples: [["machine exec try -- git --version", "what git it has"]],
  load: async () => (await import("../commands/machine/exec.ts")).exec,
});

const SHELL: AnyCommand = defineCommand<Pick<ExecOptions, "user">>({
  name: "shell",
  summary: "open a shell in a machine",
  args: [MACHINE_ARGUMENT],
  options: { user: EXEC_OPTIONS.user },
  load: async () => (await import("../commands/machine/exec.ts")).shell,
});

const ATTACH: AnyCommand = defineCommand<object>({
  name: "attach",
  summary: "join the tmux session in a machine, made where there is none",
  args: [MACHINE_ARGUMENT],
  options: {},
  load: async () => (await import("../commands/machine/exec.ts")).attach,
});

const CONSOLE: AnyCommand = defineCommand<object>({
  name: "console",
  summary: "attach to a machine's console",
  args: [MACHINE_ARGUMENT],
  options: {},
  load: async () => (await import("../commands/machine/console.ts")).attachConsole,
});

const LOGS: AnyCommand = defineCommand<object>({
  name: "logs",
  summary: "print what a machine's console said",
  args: [MACHINE_ARGUMENT],
  options: {},
  load: async () => (await import("../commands/machine/console.ts")).printLog,
});

const SNAPSHOT: AnyCommand = defineCommand<SnapshotOptions>({
  name: "snapshot",
  summary: "save a machine as it is, under a name",
  args: [MACHINE_ARGUMENT, { name: "name", help: "name of the snapshot", required: true, completes: "nothing" }],
  options: {
    disk: flag("the disk alone, without memory"),
    remove: flag("remove the snapshot of this name instead"),
    json: JSON_OPTION,
  },
  load: async () => (await import("../commands/machine/snapshot.ts")).snapshot,
});

const RESTORE: AnyCommand = defineCommand<JsonOption>({
  name: "restore",
  summary: "take a machine back to a snapshot",
  args: [MACHINE_ARGUMENT, { name: "name", help: "name of the snapshot", required: true, completes: "nothing" }],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/snapshot.ts")).restore,
});

const PUT: AnyCommand = defineCommand<object>({
  name: "put",
  summary: "copy a file or folder into a machine",
  args: [
    MACHINE_ARGUMENT,
    { name: "from", help: "file or folder on this host", required: true, completes: "files" },
    { name: "to", help: "absolute path in the machine", required: true, completes: "nothing" },
  ],
  options: {},
  load: async () => (await import("../commands/machine/files.ts")).put,
});

const GET: AnyCommand = defineCommand<object>({
  name: "get",
  summary: "copy a file or folder out of a machine",
  args: [
    MACHINE_ARGUMENT,
    { name: "from", help: "absolute path in the machine", required: true, completes: "nothing" },
    { name: "to", help: "file or folder on this host", required: true, completes: "files" },
  ],
  options: {},
  load: async () => (await import("../commands/machine/files.ts")).get,
});

const FORWARD: AnyCommand = defineCommand<JsonOption>({
  name: "forward",
  summary: "reach a port of a machine from this host, until interrupted",
  args: [MACHINE_ARGUMENT, { name: "ports", help: "[host-port:]machine-port", required: true, completes: "nothing" }],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/forward.ts")).forward,
});

const STATS: AnyCommand = defineCommand<JsonOption>({
  name: "stats",
  summary: "say what a machine uses of this host",
  args: [MACHINE_ARGUMENT],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/stats.ts")).stats,
});

const RM: AnyCommand = defineCommand<RemoveOptions>({
  name: "rm",
  summary: "remove machines, with all that is in them",
  args: [{ ...MACHINE_ARGUMENT, required: false, variadic: true }],
  options: { all: flag("every machine") },
  load: async () => (await import("../commands/machine/remove.ts")).remove,
});

const PRUNE: AnyCommand = defineCommand<JsonOption>({
  name: "prune",
  summary: "put right what crashes left: adopt what lives, remove what nobody knows",
  args: [],
  options: { json: JSON_OPTION },
  load: async () => (await import("../commands/machine/prune.ts")).prune,
});

/** `cloister machine`. */
export const MACHINE: AnyCommand = defineCommand<object>({
  name: "machine",
  summary:
    "machines of your own: sandboxes, containers and virtual machines without network, keys or files of this host",
  args: [],
  options: {},
  children: [
    LIST,
    CREATE,
    TEMPLATE,
    CLONE,
    FORK,
    simple("start", "start a machine that was stopped"),
    simple("stop", "end a machine's processes; its disk stays"),
    simple("pause", "freeze a machine"),
    simple("resume", "let a paused machine go on"),
    EXEC,
    SHELL,
    ATTACH,
    CONSOLE,
    LOGS,
    SNAPSHOT,
    RESTORE,
    PUT,
    GET,
    FORWARD,
    STATS,
    RM,
    PRUNE,
  ],
});
