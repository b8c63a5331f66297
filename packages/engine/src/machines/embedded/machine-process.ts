// The process of a machine. Arguments: a mark, the machine's id, its folder. It ends with the guest, or when it is asked to.
import { join } from "node:path";
import { machinePlaces } from "../places.ts";
import { readRecord } from "../tool/record.ts";
import { GUEST_PORTS, guestSocket } from "../virtual/guest-port.ts";
import { serveControl } from "./control-server.ts";
import { CONTROL_SOCKET, FILES, launchSchema } from "./control.ts";
import { servePort } from "./guest-ports.ts";
import { RunningMachine } from "./running-machine.ts";

const [, , , , folder = ""] = process.argv;
const launch = readRecord(folder, FILES.launch, launchSchema);
if (launch === undefined) throw new Error(`there is nothing to start in ${folder}`);
const { socketFolder } = launch;
const env = Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined);
const machine = await RunningMachine.open(folder, launch, machinePlaces(Object.fromEntries(env)));
for (let port = 0; port < GUEST_PORTS; port++)
  await servePort(machine.guestPort(port), join(socketFolder, guestSocket(port)));
machine.start();
await serveControl(join(socketFolder, CONTROL_SOCKET), (request) => machine.handle(request));
const end = await machine.ended();
process.stdout.write(`${JSON.stringify(end)}\n`);
// Sockets and their clients would keep it alive.
setImmediate(() => process.exit(0));
