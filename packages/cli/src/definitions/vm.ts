/** The engine of embedded machines, alone. */
import type { EgressRule } from "@cloister/core";
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { choice, flag, hosts, integer, text, texts } from "../program/option-values.ts";
import { JSON_OPTION, type JsonOption } from "./shared-options.ts";

/** Ways to run a guest's code. */
export const EXECUTION_MODES = ["auto", "interpreter", "block", "region"] as const;

/** One of them. */
export type ExecutionModeName = (typeof EXECUTION_MODES)[number];

/** Options of `cloister vm run`. */
export type VmRunOptions = {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly bios?: string;
  readonly drive?: readonly string[];
  readonly share?: readonly string[];
  readonly network?: "user";
  readonly allowHost?: readonly EgressRule[];
  /** A Unix socket that is made. */
  readonly vsock?: string;
  /** In MiB. */
  readonly memory?: number;
  readonly mode?: ExecutionModeName;
  /** A snapshot to be written. */
  readonly save?: string;
  readonly saveOn?: string;
  /** A snapshot to go on from. */
  readonly restore?: string;
  readonly stats?: string;
  /** A folder; false: none. */
  readonly cache?: string | false;
  /** Only for the parser: `--no-cache` sets `cache`. */
  readonly noCache?: boolean;
};

/** Options of `cloister vm test`. */
export type VmTestOptions = {
  /** `cached`: with what the same program had compiled in a run before. */
  readonly mode?: ExecutionModeName | "cached";
  /** In seconds. */
  readonly timeout?: number;
};

/** Options of `cloister vm bench`. */
export type VmBenchOptions = JsonOption & {
  /** Left out: each of them. */
  readonly mode?: ExecutionModeName | "cached";
  readonly rounds?: number;
};

/** Options of `cloister vm cache list` and `clear`. */
export type VmCacheOptions = JsonOption & { readonly cache?: string };

/** Options of `cloister vm disasm`. */
export type VmDisassembleOptions = { readonly address?: string };

const CACHE_FOLDER = text("folder", "the folder (default: in the user's cache folder)", { completes: "files" });

const CACHE: AnyCommand = defineCommand<object>({
  name: "cache",
  summary: "the compiled code that is kept between runs",
  args: [],
  options: {},
  children: [
    defineCommand<VmCacheOptions>({
      name: "list",
      summary: "list what is kept",
      args: [],
      options: { cache: CACHE_FOLDER, json: JSON_OPTION },
      load: async () => (await import("../commands/vm/cache.ts")).list,
    }),
    defineCommand<VmCacheOptions>({
      name: "clear",
      summary: "remove all that is kept",
      args: [],
      options: { cache: CACHE_FOLDER, json: JSON_OPTION },
      load: async () => (await import("../commands/vm/cache.ts")).clear,
    }),
  ],
});

const SMALLEST_MIB = 16;
const MODE = choice("mode", EXECUTION_MODES, "how its code is run");

const BENCH: AnyCommand = defineCommand<VmBenchOptions>({
  name: "bench",
  summary: "measure how fast the engine is here, in each mode, beside QEMU where that is installed",
  description:
    "Runs programs that come with Cloister, without an operating system, in turns: recursion (calls and returns), interpreter (jumps that go " +
    "elsewhere each time), sort (calls through pointers, loads that depend on loads). Says for each mode how long it took, how many million " +
    "instructions it ran in a second, and how many times as fast as QEMU that is. Takes a minute or two.",
  args: [{ name: "program", help: "recursion, interpreter or sort (default: all)", required: false, variadic: true }],
  options: {
    mode: choice("mode", [...EXECUTION_MODES, "cached"], "this mode alone"),
    rounds: integer("count", "how often each has its turn; the fastest counts (default: 1)", 1),
    json: JSON_OPTION,
  },
  load: async () => (await import("../commands/vm/bench.ts")).bench,
});

/** `cloister vm`. */
export const VM: AnyCommand = defineCommand<object>({
  name: "vm",
  summary: "the engine of embedded machines: runs a RISC-V system in this process, as any user, with nothing installed",
  args: [],
  options: {},
  children: [
    defineCommand<VmRunOptions>({
      name: "run",
      summary: "start a kernel, with its serial console on this terminal",
      description:
        "Starts a RISC-V kernel (a Linux Image, or a program in machine mode) with its serial console on standard input and output, and ends " +
        "when the guest powers off. At a terminal, Ctrl-A X ends it at once. What comes from a pipe waits until the guest listens.",
      args: [],
      options: {
        kernel: text("image", "the kernel to start", { completes: "files" }),
        initrd: text("file", "its initial RAM disk", { completes: "files" }),
        append: text("args", "its command line (default: console=ttyS0)"),
        bios: text("file", "firmware that starts in machine mode, such as OpenSBI or U-Boot; it finds the kernel", {
          completes: "files",
        }),
        drive: texts("file[,format=raw|qcow2][,snapshot]", "a disk; snapshot: the file stays as it is", "files"),
        share: texts("folder,tag[,readonly]", "a folder of this host that the guest mounts by 9P, by its tag", "files"),
        network: choice("kind", ["user"], "a network card; it leads nowhere but to the hosts of --allow-host"),
        allowHost: hosts(
          "let the guest reach this host and port, 10.0.2.2 for this host's loopback; may be given several times",
        ),
        vsock: text(
          "file",
          "make this Unix socket: `CONNECT PORT` leads to the guest; it reaches the socket file_PORT",
          {
            completes: "files",
          },
        ),
        memory: integer("mib", "memory, in MiB (default: 256)", SMALLEST_MIB),
        mode: MODE,
        save: text("file", "when the console shows the text of --save-on, save the machine here, and end", {
          completes: "files",
        }),
        saveOn: text("text", "when to save (default: '# ', a prompt)"),
        restore: text("file", "go on from where the machine was saved, with the same drives", { completes: "files" }),
        cache: text("folder", "keep compiled code here, for the next run (default: in the user's cache folder)", {
          completes: "files",
        }),
        noCache: flag("neither use nor keep compiled code"),
        stats: text("file", "write what was run, compiled and spent to this file, as JSON", { completes: "files" }),
      },
      examples: [
        ["vm run --kernel Image --initrd initrd.cpio", "boots Linux"],
        [
          "vm run --kernel Image --initrd initrd.cpio --save shell.snapshot",
          "boots to the shell's prompt, and saves it",
        ],
        ["vm run --restore shell.snapshot", "goes on at the prompt"],
        ["vm run --kernel Image --append 'console=ttyS0 root=/dev/vda' --drive root.qcow2,snapshot", "from a disk"],
        ["vm run --bios fw_dynamic.bin --kernel Image --initrd initrd.cpio", "boots Linux on OpenSBI"],
        [
          "vm run --kernel Image --initrd initrd.cpio --network user --allow-host 10.0.2.2:8080 --share work,work",
          "with a way to a server of this host, and a folder",
        ],
      ],
      load: async () => (await import("../commands/vm/run.ts")).run,
    }),
    defineCommand<VmTestOptions>({
      name: "test",
      summary: "run programs that report through the symbol tohost, and say which pass",
      args: [{ name: "elf", help: "programs without an operating system", required: true, variadic: true }],
      options: {
        mode: choice("mode", [...EXECUTION_MODES, "cached"], "how their code is run"),
        timeout: integer("seconds", "give each so long (default: 10)", 1),
      },
      load: async () => (await import("../commands/vm/test.ts")).test,
    }),
    BENCH,
    CACHE,
    defineCommand<VmDisassembleOptions>({
      name: "disasm",
      summary: "print the instructions of a program",
      args: [{ name: "file", help: "an ELF program, or nothing but code", required: true, completes: "files" }],
      options: { address: text("address", "where code without ELF begins (default: 0)") },
      load: async () => (await import("../commands/vm/disassemble.ts")).disassemble,
    }),
  ],
});
