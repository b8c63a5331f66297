// Makes a machine, starts a long program in it, says so, and waits to be killed. Argument: environment, cache and machine as JSON.
import { connectGuest } from "../../guest/connect-guest.ts";
import { createContainerDriver } from "../index.ts";

const { env, cache, machine } = JSON.parse(process.argv[2] ?? "");
const driver = createContainerDriver({ env, cache });
await driver.create(machine);
const guest = await connectGuest(await driver.connect(machine));
const running = guest.exec({ argv: ["/bin/sleep", "600"], env: {}, user: "agent" });
if ((await running.pid) !== undefined) process.stdout.write("agent runs\n");
await running.exit;
