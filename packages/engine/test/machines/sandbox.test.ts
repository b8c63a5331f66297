import { describeDriver } from "./describe-driver.ts";

describeDriver({ name: "sandbox", limits: { memoryMib: 96, cpus: 1, diskMib: 64, processes: 64 } });
