import { readFileSync } from "node:fs";
import { createMachine } from "../src/machine/create-machine.ts";
import type { Machine, MachineEnd } from "../src/machine/machine.ts";
import type { MachineOptions } from "../src/machine/options.ts";
import { nodeHost } from "../src/node/host.ts";
import { buildImage } from "./built-image.ts";

/** A boot, and each command. Some seconds where nobody else works on the machine. */
const LONGEST_MS = 180_000;

/** A machine of which a test reads the serial console, and types into it. */
export class ConsoleMachine implements AsyncDisposable {
  readonly machine: Machine;
  /** Settles when the guest ends the machine. */
  readonly ended: Promise<MachineEnd>;
  #printed = "";
  #look: () => void = () => undefined;

  private constructor(machine: Machine) {
    this.machine = machine;
    machine.console.onData((bytes) => {
      this.#printed += Buffer.from(bytes).toString("latin1");
      this.#look();
    });
    this.ended = machine.run();
  }

  static async start(options: Partial<MachineOptions>): Promise<ConsoleMachine> {
    return new ConsoleMachine(await createMachine({ host: nodeHost(), ...options }));
  }

  /** Waits until the console shows something. @returns all that it showed since the last call, up to the end of that */
  async untilPrinted(wanted: RegExp): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => reject(new Error(`no ${wanted} after: ${this.#printed}`)), LONGEST_MS);
    this.#look = () => {
      const found = wanted.exec(this.#printed);
      if (found === null) return;
      const end = found.index + found[0].length;
      resolve(this.#printed.slice(0, end));
      this.#printed = this.#printed.slice(end);
      this.#look = () => undefined;
    };
    this.#look();
    return promise.finally(() => clearTimeout(timer));
  }

  async type(text: string): Promise<void> {
    await this.machine.console.write(Buffer.from(text));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine.pause();
    this.machine.close();
  }
}

/** A Linux guest of the image `tiny`, before its init: a shell that is told one line after another. */
export class GuestShell implements AsyncDisposable {
  readonly #console: ConsoleMachine;

  private constructor(console: ConsoleMachine) {
    this.#console = console;
  }

  static async boot(options: Partial<MachineOptions>): Promise<GuestShell> {
    const { kernel, initrd } = buildImage("tiny");
    const console = await ConsoleMachine.start({
      kernel: readFileSync(kernel),
      initrd: readFileSync(initrd),
      append: "console=ttyS0 quiet rdinit=/bin/sh",
      ...options,
    });
    await console.untilPrinted(/~ # /);
    // From here on nothing is echoed or edited, and each line's end is told from what it prints.
    await console.type('stty -echo; while read -r line; do eval "$line"; echo "@end" $?; done\n');
    await console.untilPrinted(/done\r\n/);
    return new GuestShell(console);
  }

  get machine(): Machine {
    return this.#console.machine;
  }

  /** @returns what a line prints, and its status */
  async run(line: string): Promise<{ readonly output: string; readonly status: number }> {
    await this.#console.type(`${line}\n`);
    const printed = await this.#console.untilPrinted(/@end ([0-9]+)\r\n/);
    const [, output = "", status] = /^([\s\S]*)@end ([0-9]+)\r\n$/.exec(printed) ?? [];
    return { output: output.replaceAll("\r", ""), status: Number(status) };
  }

  async powerOff(): Promise<MachineEnd> {
    await this.#console.type("poweroff -f\n");
    return this.#console.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#console[Symbol.asyncDispose]();
  }
}
