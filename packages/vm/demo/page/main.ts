/** The page: starts a machine in a worker, and shows its console. */
import { createWorkerMachine, type WorkerMachine } from "../../src/browser/index.ts";
import type { MachineEnd } from "../../src/machine/machine.ts";
import { fillForm, namesMachine, readForm } from "./boot-form.ts";
import { createStatisticsView } from "./statistics-view.ts";
import { createTerminal } from "./terminal.ts";

const STATISTICS_EVERY_MS = 500;
const MIB_BYTES = 2 ** 20;

const form = find("boot", HTMLFormElement);
const buttons = {
  pause: find("pause", HTMLButtonElement),
  reset: find("reset", HTMLButtonElement),
  stop: find("stop", HTMLButtonElement),
  save: find("save", HTMLButtonElement),
};
const restoreButton = find("restore", HTMLButtonElement);
const download = find("download", HTMLAnchorElement);
const status = find("status", HTMLOutputElement);
const terminal = createTerminal(find("terminal", HTMLElement));
const statistics = createStatisticsView(find("statistics", HTMLElement), find("tiers", HTMLElement));
const address = new URL(location.href);
let machine: WorkerMachine | undefined;
/** Taken last, of this machine. */
let snapshot: Uint8Array<ArrayBuffer> | undefined;

fillForm(form, address);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void attempt(start);
});
buttons.pause.addEventListener("click", () => void attempt(pauseOrRun));
buttons.reset.addEventListener("click", () => void attempt(async () => machine?.reset()));
buttons.stop.addEventListener("click", stop);
buttons.save.addEventListener("click", () => void attempt(save));
restoreButton.addEventListener("click", () => void attempt(restore));
terminal.onInput((bytes) => void attempt(async () => machine?.console.write(bytes)));
setInterval(() => void attempt(showStatistics), STATISTICS_EVERY_MS);
if (namesMachine(address)) void attempt(start);

async function start(): Promise<void> {
  stop();
  setStatus("loading");
  const options = await readForm(form, address);
  const started = await createWorkerMachine(new Worker("machine-worker.js", { type: "module" }), options);
  machine = started;
  started.console.onData((bytes) => terminal.show(bytes));
  statistics.clear();
  terminal.begin();
  for (const button of Object.values(buttons)) button.disabled = false;
  void attempt(run);
}

/** Until the guest powers off or is paused. */
async function run(): Promise<void> {
  const running = machine;
  if (running === undefined) return;
  setStatus("running");
  buttons.pause.textContent = "Pause";
  const end = await running.run();
  await showStatistics();
  if (machine !== running) return;
  setStatus(describeEnd(end));
  buttons.pause.textContent = "Run";
}

async function pauseOrRun(): Promise<void> {
  if (status.dataset["state"] === "running") await machine?.pause();
  else await run();
}

async function save(): Promise<void> {
  const saved = machine;
  // A copy: bytes that went by message are nobody else's, but their type doesn't say so.
  const bytes = new Uint8Array((await saved?.snapshot()) ?? []);
  if (saved === undefined || machine !== saved) return;
  keepSnapshot(bytes);
}

async function restore(): Promise<void> {
  if (snapshot !== undefined) await machine?.restore(snapshot);
}

/** The link to it keeps the bytes alive as well: the one before is let go. */
function keepSnapshot(bytes: Uint8Array<ArrayBuffer> | undefined): void {
  URL.revokeObjectURL(download.href);
  snapshot = bytes;
  restoreButton.disabled = bytes === undefined;
  download.hidden = bytes === undefined;
  if (bytes === undefined) return;
  download.href = URL.createObjectURL(new Blob([bytes]));
  download.textContent = `Download (${(bytes.length / MIB_BYTES).toFixed(1)} MiB)`;
}

function stop(): void {
  machine?.close();
  machine = undefined;
  keepSnapshot(undefined);
  for (const button of Object.values(buttons)) button.disabled = true;
  setStatus("off");
}

async function showStatistics(): Promise<void> {
  const shown = machine;
  try {
    if (shown !== undefined) statistics.show(await shown.stats());
  } catch (error) {
    if (machine === shown) throw error; // Else it was stopped meanwhile.
  }
}

/** Does something that may fail, and says so on the page if it does. A machine that was stopped meanwhile is no failure. */
async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (status.dataset["state"] === "off") return;
    setStatus("failed", error instanceof Error ? error.message : String(error));
  }
}

function setStatus(state: string, text: string = state): void {
  status.dataset["state"] = state;
  status.textContent = text;
}

function describeEnd(end: MachineEnd): string {
  if (end.kind === "fail") return `failed with ${end.code}`;
  return end.kind === "paused" ? "paused" : "powered off";
}

function find<Kind extends HTMLElement>(id: string, kind: { new (): Kind; readonly prototype: Kind }): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} "${id}"`);
}
