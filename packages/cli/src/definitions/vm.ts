/** The engine of embedded machines, alone. */
import { type AnyCommand, defineCommand } from "../program/command-definition.ts";
import { choice, integer, text, texts } from "../program/option-values.ts";

/** Ways to run a guest's code. */
export const EXECUTION_MODES = ["auto", "interpreter", "block", "region"] as const;

/** One of them. */
export type ExecutionModeName = (typeof EXECUTION_MODES)[number];

/** Options of `cloister vm run`. */
export type VmRunOptions = {
  readonly kernel?: string;
  readonly initrd?: string;
  readonly append?: string;
  readonly firmware?: string;
  readonly drive?: readonly string[];
  /** In MiB. */
  readonly memory?: number;
  readonly mode?: ExecutionModeName;
  readonly stats?: string;
};

/** Options of `cloister vm test`. */
export type VmTestOptions = {
  readonly mode?: ExecutionModeName;
  /** In seconds. */
  readonly timeout?: number;
};

/** Options of `cloister vm disasm`. */
export type VmDisassembleOptions = { readonly address?: string };

const SMALLEST_MIB = 16;
const MODE = choice("mode", EXECUTION_MODES, "how its code is run");

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
        firmware: text("file", "start this in machine mode instead, such as OpenSBI; it finds the kernel", {
          completes: "files",
        }),
        drive: texts("file[,format=raw|qcow2][,snapshot]", "a disk; snapshot: the file stays as it is", "files"),
        memory: integer("mib", "memory, in MiB (default: 256)", SMALLEST_MIB),
        mode: MODE,
        stats: text("file", "write what was run, compiled and spent to this file, as JSON", { completes: "files" }),
      },
      examples: [
        ["vm run --kernel Image --initrd initrd.cpio", "boots Linux"],
        ["vm run --kernel Image --append 'console=ttyS0 root=/dev/vda' --drive root.qcow2,snapshot", "from a disk"],
      ],
      load: async () => (await import("../commands/vm/run.ts")).run,
    }),
    defineCommand<VmTestOptions>({
      name: "test",
      summary: "run programs that report through the symbol tohost, and say which pass",
      args: [{ name: "elf", help: "programs without an operating system", required: true, variadic: true }],
      options: { mode: MODE, timeout: integer("seconds", "give each so long (default: 10)", 1) },
      load: async () => (await import("../commands/vm/test.ts")).test,
    }),
    defineCommand<VmDisassembleOptions>({
      name: "disasm",
      summary: "print the instructions of a program",
      args: [{ name: "file", help: "an ELF program, or nothing but code", required: true, completes: "files" }],
      options: { address: text("address", "where code without ELF begins (default: 0)") },
      load: async () => (await import("../commands/vm/disassemble.ts")).disassemble,
    }),
  ],
});
