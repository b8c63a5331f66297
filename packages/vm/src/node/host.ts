import { randomFillSync } from "node:crypto";
import { crc32 } from "node:zlib";
import type { NativeCode } from "../cache/native-code.ts";
import type { MachineHost } from "../machine/host.ts";
import { NODE_CODECS } from "./block-codecs.ts";
import { createWorkerCompiler } from "./worker-compiler.ts";

/** Makes the host port of machines in Node. @param native from `openNativeCode` */
export function nodeHost(native?: NativeCode): MachineHost {
  return {
    ...(native ? { native } : {}),
    now: () => performance.now() * 1e6,
    wallClock: () => Date.now() * 1e6,
    random: (into) => void randomFillSync(into),
    breathe: () => new Promise((resolve) => void setImmediate(resolve)),
    sleep: (milliseconds, onWake) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        onWake(() => {
          clearTimeout(timer);
          resolve();
        });
      }),
    createCompiler: createWorkerCompiler,
    codecs: NODE_CODECS,
    crc32: (bytes) => crc32(bytes),
  };
}
