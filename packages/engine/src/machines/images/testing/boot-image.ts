import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { connectGuest } from "../../guest/connect-guest.ts";
import type { GuestConnection } from "../../guest/port.ts";
import type { StoredImage } from "../port.ts";

const BOOT_LIMIT_MS = 60_000;

/** QEMU's program, board and kind of virtio bus, by Debian's word for the architecture. */
const BOARDS: Readonly<Record<string, { readonly qemu: string; readonly board: string; readonly bus: string }>> = {
  amd64: { qemu: "qemu-system-x86_64", board: "-M q35", bus: "pci" },
  riscv64: { qemu: "qemu-system-riscv64", board: "-M virt -global virtio-mmio.force-legacy=false", bus: "device" },
};

/** A machine for one test, on an emulated processor: nothing is written to the image. */
export type BootedImage = AsyncDisposable & { readonly guest: GuestConnection; readonly bootMs: number };

/**
 * Boots an image and waits for its guest agent.
 * @param folder for a socket: short
 */
export async function bootImage(image: StoredImage, folder: string): Promise<BootedImage> {
  const startedAt = performance.now();
  const socket = join(folder, "guest");
  const { qemu: program, ...board } = BOARDS[image.architecture] ?? { qemu: "", board: "", bus: "" };
  const qemu = spawn(program, commandLine(image, socket, board), { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(qemu, "exit");
  const console = collect(qemu.stdout);
  const stop = async (): Promise<void> => {
    qemu.kill("SIGKILL");
    await ended;
  };
  try {
    const stream = await connectSocket(socket, qemu);
    const guest = await connectGuest(
      { stream, close: () => Promise.resolve(void stream.destroy()) },
      { timeLimitMs: BOOT_LIMIT_MS },
    );
    const bootMs = performance.now() - startedAt;
    return { guest, bootMs, [Symbol.asyncDispose]: () => guest[Symbol.asyncDispose]().then(stop) };
  } catch (error: unknown) {
    await stop();
    throw new Error(`The image did not boot. Its console said:\n${console()}`, { cause: error });
  }
}

function commandLine(
  { kernel = "", initrd = "", disk = "" }: StoredImage,
  socket: string,
  { board, bus }: { readonly board: string; readonly bus: string },
): readonly string[] {
  return [
    `-nodefaults -no-user-config -no-reboot -display none -serial stdio ${board} -accel tcg -m 256`.split(" "),
    ["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 quiet panic=-1"],
    ["-drive", `file=${disk},format=raw,if=none,id=disk,snapshot=on`, "-device", `virtio-blk-${bus},drive=disk`],
    ["-device", `virtio-rng-${bus}`, "-device", `virtio-serial-${bus}`],
    ["-chardev", `socket,id=guest,path=${socket},server=on,wait=off`],
    ["-device", "virtserialport,chardev=guest,name=cloister.0"],
  ].flat();
}

/** QEMU makes the socket soon after its start: until then it is tried again, as long as QEMU lives. */
async function connectSocket(path: string, qemu: { readonly exitCode: number | null }): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, "connect");
      return socket;
    } catch (error: unknown) {
      if (qemu.exitCode !== null) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.on("data", (chunk: Buffer) => (text = (text + chunk.toString("utf8")).slice(-4000)));
  return () => text;
}
