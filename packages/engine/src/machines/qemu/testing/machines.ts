import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_MACHINE_LIMITS, type MachineLimits } from "@cloister/core";
import { connectGuest } from "../../guest/connect-guest.ts";
import type { GuestConnection } from "../../guest/port.ts";
import { openImageStore, readManifest } from "../../images/index.ts";
import type { MachineDriver, MachineId, MachineImage, MachineSpec } from "../../port.ts";
import { createQemuDriver } from "../index.ts";

const env: Readonly<Record<string, string>> = { PATH: process.env["PATH"] ?? "" };
/** Kept between test runs: an image is known by what it was built of. */
const KEPT = join(tmpdir(), `cloister-test-images-${process.getuid?.() ?? 0}`);

/** A driver with folders of its own, and the machines that tests make of a small image. */
export type TestMachines = AsyncDisposable & {
  readonly driver: MachineDriver;
  readonly image: MachineImage;
  readonly templates: string;
  /** A machine that is not made yet. */
  readonly newSpec: (limits?: Partial<MachineLimits>) => MachineSpec;
  /** Connects to a machine's guest agent; disposed at the end. */
  readonly guestOf: (machine: MachineSpec) => Promise<GuestConnection>;
};

/** Builds the image `tiny` where it was not built before, and makes a driver. Disposing destroys every machine. */
export async function startTestMachines(): Promise<TestMachines> {
  const image = await tinyImage();
  const folder = mkdtempSync(join(tmpdir(), "cq-"));
  const places = { machines: join(folder, "machines"), templates: join(folder, "templates") };
  const driver = createQemuDriver({ env, places });
  const specs: MachineSpec[] = [];
  const guests: GuestConnection[] = [];
  return {
    driver,
    image,
    templates: places.templates,
    newSpec: (limits = {}) => {
      const spec = makeSpec(folder, image, {
        ...DEFAULT_MACHINE_LIMITS,
        memoryMib: 256,
        cpus: 1,
        diskMib: 64,
        ...limits,
      });
      specs.push(spec);
      return spec;
    },
    guestOf: async (machine) => {
      const guest = await connectGuest(await driver.connect(machine));
      guests.push(guest);
      return guest;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(guests.map((guest) => guest[Symbol.asyncDispose]()));
      await Promise.all(specs.map((spec) => driver.destroy(spec)));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a shell command prints in a guest. */
export async function shellIn(guest: GuestConnection, command: string): Promise<string> {
  const program = guest.exec({ argv: ["/bin/sh", "-c", command], env: { PATH: "/usr/bin:/bin" }, timeLimitMs: 30_000 });
  const [output, errors, end] = await Promise.all([textOf(program.stdout), textOf(program.stderr), program.exit]);
  if (end.code !== 0) throw new Error(`${command}: ${JSON.stringify(end)} ${errors}`);
  return output.trim();
}

async function tinyImage(): Promise<MachineImage> {
  const store = openImageStore({ folder: join(KEPT, "images"), cache: join(KEPT, "cache"), env });
  return store.build(readManifest("tiny"), { onProgress: () => undefined });
}

function makeSpec(folder: string, image: MachineImage, limits: MachineLimits): MachineSpec {
  const id = randomBytes(6).toString("hex") as MachineId;
  const spec = {
    id,
    folder: join(folder, "machines", id),
    socketFolder: join(folder, "s", id),
    image,
    limits,
    mounts: [],
  };
  for (const made of [spec.folder, spec.socketFolder]) mkdirSync(made, { recursive: true, mode: 0o700 });
  return { ...spec, env: { ...env, CLOISTER_MACHINE: id } };
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
