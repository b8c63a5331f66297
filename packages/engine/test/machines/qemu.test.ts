import { createQemuDriver } from "../../src/machines/qemu/index.ts";
import { tinyImage } from "../../src/machines/testing/test-home.ts";
import { describeDriver } from "./describe-driver.ts";

const limits = { memoryMib: 192, cpus: 1, diskMib: 64, processes: 64 };

describeDriver({
  name: "qemu",
  everyNthKill: 2,
  limits,
  // One boot is enough for all: machines of this size are clones of a template.
  prepare: async (home) => {
    const { env, places } = home;
    const image = await tinyImage(home);
    const driver = createQemuDriver({ env, places });
    await driver.templates?.prepare({ image, limits, folder: places.templates, warmUp: [["/bin/true"]] });
    return { image: image.digest };
  },
});
