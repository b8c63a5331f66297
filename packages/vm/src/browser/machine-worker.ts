/** Runs in a web worker: the machine. `compiler-worker.js`, beside it, is started as a worker of its own where memory may be shared. */
import { MachineService } from "./machine-service.ts";
import type { PageMessage } from "./messages.ts";
import { webHost } from "./web-host.ts";
import { createWorkerCompiler } from "./worker-compiler.ts";
import { mayShareMemory, ownPort, startWorker } from "./worker-port.ts";

const port = ownPort();
const service = new MachineService({
  host: {
    ...webHost(),
    createCompiler: (memory) => createWorkerCompiler(startWorker("compiler-worker.js"), memory),
  },
  shared: mayShareMemory(),
  send: (message) => port.postMessage(message, []),
});

port.addEventListener("message", ({ data }) => void service.receive(data as PageMessage));
