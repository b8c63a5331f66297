/** Machines in web workers, from the page's side: the engine itself is in the worker's script. */
export type { WorkerMachineOptions, WorkerMachineStatistics } from "./messages.ts";
export { createWorkerMachine, type WorkerConsole, type WorkerMachine } from "./worker-machine.ts";
