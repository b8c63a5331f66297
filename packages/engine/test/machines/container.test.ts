import { execFileSync } from "node:child_process";
import { tinyImage } from "../../src/machines/testing/test-home.ts";
import { describeDriver } from "./describe-driver.ts";

const list = (...args: readonly string[]): string => execFileSync("podman", args, { encoding: "utf8" });

describeDriver({
  name: "container",
  everyNthKill: 2,
  limits: { memoryMib: 96, cpus: 1, diskMib: 64, processes: 64 },
  prepare: async (home) => ({
    image: (await tinyImage(home)).digest,
    inventory: () =>
      list("ps", "--all", "--format", "{{.Names}}") + list("images", "--format", "{{.Repository}}:{{.Tag}}"),
  }),
});
