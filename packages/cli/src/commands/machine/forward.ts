import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { pipeline } from "node:stream";
import { CloisterError } from "@cloister/core";
import type { GuestConnection } from "@cloister/engine/machines";
import type { JsonOption } from "../../definitions/shared-options.ts";
import type { CommandHandler } from "../../program/command-definition.ts";
import { printJson } from "../../terminal/terminal.ts";
import { withMachines } from "./with-machines.ts";

const LOOPBACK = "127.0.0.1";

/** `cloister machine forward`. */
export const forward: CommandHandler<JsonOption> = async ({ args: [name = "", ports = ""], options }, terminal) => {
  const { here, there } = parsePorts(ports);
  return withMachines(terminal, async (machines) => {
    await using machine = await machines.open(name);
    const server = createServer({ allowHalfOpen: true }, (socket) => void relay(machine.guest, there, socket));
    server.listen(here, LOOPBACK);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    if (options.json === true) printJson(terminal, { host: LOOPBACK, port, machinePort: there });
    else terminal.print(`${LOOPBACK}:${port} is port ${there} of ${name}; interrupt to end`);
    await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM"), machine.guest.closed]);
    server.close();
    return 0;
  });
};

async function relay(guest: GuestConnection, port: number, socket: Socket): Promise<void> {
  try {
    const stream = await guest.connect(port);
    pipeline(socket, stream, () => undefined);
    pipeline(stream, socket, () => undefined);
  } catch {
    socket.destroy(); // Nothing listens there: whoever connected sees that, as on one host.
  }
}

function parsePorts(text: string): { readonly here: number; readonly there: number } {
  const [first = "", second = first, ...rest] = text.split(":");
  const ports = [first, second].map(Number);
  const isPort = (port: number | undefined): port is number =>
    port !== undefined && Number.isInteger(port) && port >= 0 && port <= 65_535;
  const [here, there] = ports;
  if (rest.length === 0 && first !== "" && isPort(here) && isPort(there) && there > 0) return { here, there };
  throw new CloisterError({
    code: "usage_invalid",
    message: `Expected ports such as 8080 or 9000:8080, got "${text}".`,
  });
}
