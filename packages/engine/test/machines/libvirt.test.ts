import { execFileSync } from "node:child_process";
import { startLibvirtd } from "@cloister/testkit";
import { tinyImage } from "../../src/machines/testing/test-home.ts";
import { describeDriver } from "./describe-driver.ts";

describeDriver({
  name: "libvirt",
  everyNthKill: 4,
  limits: { memoryMib: 192, cpus: 1, diskMib: 64, processes: 64 },
  prepare: async (home) => {
    const [libvirt, image] = await Promise.all([startLibvirtd(), tinyImage(home)]);
    const { env } = libvirt;
    const list = ["--connect", env["CLOISTER_LIBVIRT_URI"] ?? "", "list", "--all", "--name"];
    return {
      env,
      image: image.digest,
      inventory: () => execFileSync("virsh", list, { encoding: "utf8", env }),
      dispose: async () => libvirt[Symbol.asyncDispose](),
    };
  },
});
