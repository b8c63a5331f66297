import { describeDriver } from "./describe-driver.ts";

describeDriver({ name: "host", limits: { memoryMib: 96, cpus: 1, diskMib: 64, processes: 64 } });
