import type { MachineHost } from "../machine/host.ts";
import { WEB_CODECS } from "./block-codecs.ts";

/** What it uses of the web's interfaces, which workers have as well as pages. */
type Web = {
  readonly performance: { now(): number };
  readonly crypto: { getRandomValues(into: Uint8Array): unknown };
  readonly setTimeout: (callback: () => void, milliseconds: number) => unknown;
  readonly clearTimeout: (timer: unknown) => void;
  readonly MessageChannel: new () => { readonly port1: Port; readonly port2: Port };
};

type Port = {
  addEventListener(type: "message", listener: () => void): void;
  start(): void;
  postMessage(message: unknown): void;
  close(): void;
};

/** `getRandomValues` gives so many bytes at a time (Web Cryptography API, section 10.1.1). */
const RANDOM_BYTES_MAX = 65_536;

/** Makes the host port of machines in a web page or a web worker. */
export function webHost(): MachineHost {
  const web = globalThis as unknown as Web;
  return {
    now: () => web.performance.now() * 1e6,
    wallClock: () => Date.now() * 1e6,
    random: (into) => fillRandom(web, into),
    breathe: () => breathe(web),
    sleep: (milliseconds, onWake) =>
      new Promise((resolve) => {
        const timer = web.setTimeout(resolve, milliseconds);
        onWake(() => {
          web.clearTimeout(timer);
          resolve();
        });
      }),
    codecs: WEB_CODECS,
  };
}

/** Random bytes are refused to views of shared memory, such as the guest's: they go through a buffer. */
function fillRandom({ crypto }: Web, into: Uint8Array): void {
  for (let offset = 0; offset < into.length; offset += RANDOM_BYTES_MAX) {
    const bytes = new Uint8Array(Math.min(RANDOM_BYTES_MAX, into.length - offset));
    crypto.getRandomValues(bytes);
    into.set(bytes, offset);
  }
}

/** By a message: browsers delay nested timers by 4 ms. A channel of its own each time, as an open one keeps Node from its end. */
function breathe({ MessageChannel }: Web): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.addEventListener("message", () => {
      port1.close();
      resolve();
    });
    port1.start();
    port2.postMessage(undefined);
  });
}
