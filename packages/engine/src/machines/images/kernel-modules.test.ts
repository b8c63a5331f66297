import { deepEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { bootModules } from "./kernel-modules.ts";
import { runBuildTool } from "./build-tool.ts";

test("modules are loaded after those that they depend on, from either place, packed or not; what is missing is built in; what two devices need is for all", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-modules-"));
  const context = { env: { PATH: process.env["PATH"] ?? "" }, folder, onProgress: () => undefined };
  const write = (path: string, depends: string): string => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `\x7fELF\0license=GPL\0depends=${depends}\0name=x\0`);
    return file;
  };
  try {
    write("lib/modules/6.1/kernel/virtio_blk.ko", "virtio_ring,virtio");
    write("lib/modules/6.1/kernel/char/virtio-rng.ko", "virtio,rng-core");
    write("lib/modules/6.1/kernel/rng-core.ko", "");
    write("lib/modules/6.1/kernel/virtio_net.ko", "net_failover,virtio_ring,sockets");
    write("lib/modules/6.1/kernel/net_failover.ko", "");
    write("lib/modules/6.1/kernel/9pnet_virtio.ko", "sockets,virtio");
    write("lib/modules/6.1/kernel/sockets.ko", "");
    write("usr/lib/modules/6.1/kernel/virtio.ko", "");
    await runBuildTool(context, ["xz", write("usr/lib/modules/6.1/kernel/virtio_ring.ko", "virtio")]);
    const modules = await bootModules(context, folder);
    deepEqual(
      modules.map(({ name, device }) => [name, device]),
      [
        ...["virtio", "virtio_ring", "virtio_blk", "rng_core", "virtio_rng"].map((name) => [name, undefined]),
        ["net_failover", 1],
        ["sockets", undefined],
        ["virtio_net", 1],
        ["9pnet_virtio", 9],
      ],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
