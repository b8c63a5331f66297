/** Programs in machines, with the input and output of this terminal. */
import { quoteWord } from "@cloister/engine";
import type { ExecSpec } from "@cloister/engine/machines";
import type { ExecOptions } from "../../definitions/machine.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { joinProcess } from "../../terminal/join-process.ts";
import type { Terminal } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

const MS_PER_SECOND = 1000;
const SESSION = "cloister";

type Program = Pick<ExecSpec, "argv" | "cwd" | "user" | "timeLimitMs"> & { readonly tty: boolean };

/** `cloister machine exec`: ends with the program's own exit status. */
export const exec: CommandHandler<ExecOptions> = ({ args: [name = "", ...rest], options }, terminal) => {
  // The parser leaves what follows the name as it is, the dashes that set it off included.
  const argv = rest[0] === "--" ? rest.slice(1) : rest;
  const { tty = false, user, cwd, timeLimit } = options;
  return execute(terminal, name, {
    argv,
    tty,
    ...(user === undefined ? {} : { user }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit * MS_PER_SECOND }),
  });
};

/** `cloister machine shell`. */
export const shell: CommandHandler<Pick<ExecOptions, "user">> = ({ args: [name = ""], options }, terminal) => {
  const argv = ["/bin/sh", "-c", "if command -v bash >/dev/null; then exec bash -l; else exec sh -l; fi"];
  const tty = process.stdin.isTTY && terminal.interactive;
  return execute(terminal, name, { argv, tty, ...(options.user === undefined ? {} : { user: options.user }) });
};

/** `cloister machine attach`: prints the command that joins, and runs it. */
export const attach: CommandHandler<object> = ({ args: [name = ""] }, terminal) => {
  const argv = ["tmux", "new-session", "-A", "-s", SESSION];
  terminal.note(["cloister", "machine", "exec", "--tty", name, "--", ...argv].map(quoteWord).join(" "));
  return execute(terminal, name, { argv, tty: true });
};

function execute(terminal: Terminal, name: string, { tty, ...program }: Program): Promise<number> {
  return withMachines(terminal, async (machines) => {
    await using machine = await machines.open(name);
    const { user } = machine.surroundings;
    const size = tty ? { terminal: { columns: terminal.columns, rows: terminal.rows } } : {};
    const env = { ...machine.env, TERM: terminal.env["TERM"] ?? "xterm" };
    const owner = user === undefined ? {} : { user };
    return await joinProcess(machine.guest.exec({ ...owner, ...program, ...size, env, stdin: "open" }), terminal);
  });
}
