import { type Duplex, duplexPair } from "node:stream";
import { createInterface } from "node:readline";

/** A command as it reaches an agent. */
export type AgentCommand = {
  readonly execute: string;
  readonly arguments: Readonly<Record<string, unknown>>;
};

/** An agent that says to each command what a test has it say; without end where that is a stream of its own. */
export type ScriptedAgent = { readonly host: Duplex; readonly machine: Duplex };

/** @param respond bytes that are said as they are; undefined: nothing */
export function scriptAgent(respond: (command: AgentCommand) => string | Uint8Array | undefined): ScriptedAgent {
  const [host, machine] = duplexPair();
  machine.on("error", () => undefined); // The host hangs up when it likes.
  const lines = createInterface({ input: machine, crlfDelay: Infinity });
  lines.on("line", (line) => {
    const said = respond(JSON.parse(line.replace(/^[^{]*/, "")) as AgentCommand);
    if (said !== undefined && !machine.destroyed) machine.write(said);
  });
  return { host, machine };
}

/** Answers the beginning of a talk as qemu-guest-agent does. */
export function greetBack({ arguments: { id } }: AgentCommand): Buffer {
  return Buffer.concat([Buffer.of(0xff), Buffer.from(`${JSON.stringify({ return: id })}\n`)]);
}

/** An agent in order, but for what it says to commands after the greeting. */
export function scriptGreetedAgent(respond: (command: AgentCommand) => unknown): ScriptedAgent {
  return scriptAgent((command) => {
    if (command.execute === "guest-sync-delimited") return greetBack(command);
    const said = respond(command);
    return typeof said === "string" ? said : `${JSON.stringify({ return: said })}\n`;
  });
}
