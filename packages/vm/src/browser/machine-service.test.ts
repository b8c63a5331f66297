import { equal, match, ok } from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import { nodeHost } from "../node/host.ts";
import { assembleText } from "../testing/toolchain.ts";
import { MachineService } from "./machine-service.ts";
import type { MachineCall, PageMessage, WorkerMessage } from "./messages.ts";

const FLOOD = assembleText("li s0, 0x10000000\nagain: sb s0, 0(s0)\nj again\n");
/** What may be under way, and what the guest prints until the machine looks up. */
const MOST_BYTES = 8 * 2 ** 20;

/** A machine's service, and a page that takes no more than it wants to. */
class TestPage {
  readonly messages: WorkerMessage[] = [];
  readonly #service: MachineService = new MachineService({
    host: nodeHost(),
    shared: false,
    send: (message) => void this.messages.push(message),
  });
  #id = 0;

  call(call: MachineCall): Promise<void> {
    return this.#service.receive({ kind: "call", id: this.#id++, call });
  }

  send(message: PageMessage): Promise<void> {
    return this.#service.receive(message);
  }

  get printed(): number {
    return this.messages.reduce((sum, message) => sum + (message.kind === "output" ? message.bytes.length : 0), 0);
  }

  /** Lets the machine do what it can do, until it has printed no more in so many turns of the event loop. */
  async untilHeldUp(turns: number): Promise<void> {
    for (let before = -1, still = 0; still < turns; before = this.printed) {
      const { port1, port2 } = new MessageChannel();
      port2.postMessage(undefined);
      await once(port1, "message");
      port1.close();
      still = this.printed === before ? still + 1 : 0;
    }
  }
}

test("a guest that prints without end goes on only when the page has taken what it printed", async () => {
  const page = new TestPage();
  await page.call({ name: "create", argument: { kernel: FLOOD, memoryMib: 16, mode: "interpreter", cache: false } });
  const running = page.call({ name: "run", argument: undefined });
  await page.untilHeldUp(200);
  const printed = page.printed;
  ok(printed > 0 && printed < MOST_BYTES, `${printed} bytes`);
  await page.send({ kind: "taken", bytes: printed });
  await page.untilHeldUp(200);
  ok(page.printed > printed && page.printed < printed + MOST_BYTES, `${page.printed} bytes`);
  const paused = page.call({ name: "pause", argument: undefined });
  await page.send({ kind: "taken", bytes: page.printed - printed });
  await Promise.all([paused, running]);
  equal(page.messages.filter(({ kind }) => kind === "failure").length, 0);
});

test("a call that fails says why: before there is a machine, and where there can be none", async () => {
  const page = new TestPage();
  await page.call({ name: "run", argument: undefined });
  await page.call({ name: "create", argument: { kernel: FLOOD, memoryMib: 1, cache: false } });
  const failures = page.messages.flatMap((message) => (message.kind === "failure" ? [message.failure] : []));
  equal(failures.map(({ code }) => code).join(), "machine_failed,option_invalid");
  match(failures.at(-1)?.message ?? "", /^memory of 1 MiB/);
});
