import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { createEmbeddedDriver } from "../../src/machines/embedded/index.ts";
import { riscvTinyImage } from "../../src/machines/testing/test-home.ts";
import { describeDriver } from "./describe-driver.ts";

const limits = { memoryMib: 192, cpus: 1, diskMib: 64, processes: 64 };

describeDriver({
  name: "embedded",
  everyNthKill: 6,
  limits,
  // One boot is enough for all: machines of this size are clones of a template.
  prepare: async (home) => {
    const { env, places, folder } = home;
    const image = await riscvTinyImage(home);
    const driver = createEmbeddedDriver({ env, places });
    await driver.templates?.prepare({ image, limits, folder: places.templates, warmUp: [["/bin/true"]] });
    execFileSync("tar", ["--extract", "--file", image.archive ?? "", "--directory", folder, "./bin/busybox"]);
    return { image: image.digest, busybox: join(folder, "bin", "busybox") };
  },
});
