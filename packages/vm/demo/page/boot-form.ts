import type { WorkerMachineOptions } from "../../src/browser/index.ts";

/** What the page needs to make a machine: its files may be chosen in the form, or be named in the page's address. */
const FILES = ["kernel", "initrd", "disk", "snapshot"] as const;
type FileName = (typeof FILES)[number];

/** Puts what the page's address says into the form: `?kernel=…&initrd=…&disk=…&append=…&memory=…&mode=…`. */
export function fillForm(form: HTMLFormElement, address: URL): void {
  for (const name of FILES) {
    const url = address.searchParams.get(name);
    const field = form.elements.namedItem(name);
    if (url !== null && field instanceof HTMLInputElement) field.before(` (${url}) `);
  }
  for (const name of ["append", "memory", "mode"]) {
    const value = address.searchParams.get(name);
    const field = form.elements.namedItem(name);
    if (value !== null && (field instanceof HTMLInputElement || field instanceof HTMLSelectElement))
      field.value = value;
  }
}

/** Does the page's address name a kernel or a snapshot? Then the machine is to start by itself. */
export function namesMachine(address: URL): boolean {
  return address.searchParams.has("kernel") || address.searchParams.has("snapshot");
}

/** Reads the form, and the files that it or the page's address names. @throws Error that says what is missing */
export async function readForm(form: HTMLFormElement, address: URL): Promise<WorkerMachineOptions> {
  const fields = new FormData(form);
  const [kernel, initrd, disk, snapshot] = await Promise.all(FILES.map((name) => readFile(name, fields, address)));
  if (kernel === undefined && snapshot === undefined) throw new Error("choose a kernel: a RISC-V Linux Image");
  return {
    ...(kernel === undefined ? {} : { kernel }),
    ...(snapshot === undefined ? {} : { snapshot }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(disk === undefined ? {} : { drives: [disk] }),
    append: textOf(fields, "append"),
    memoryMib: Number(textOf(fields, "memory")),
    mode: toMode(textOf(fields, "mode")),
  };
}

async function readFile(name: FileName, fields: FormData, address: URL): Promise<Uint8Array | undefined> {
  const chosen = fields.get(name);
  if (chosen instanceof File && chosen.size > 0) return new Uint8Array(await chosen.arrayBuffer());
  const url = address.searchParams.get(name);
  if (url === null) return undefined;
  const response = await fetch(new URL(url, address));
  if (!response.ok) throw new Error(`${url}: the server says ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value : "";
}

function toMode(text: string): "auto" | "interpreter" | "block" | "region" {
  return text === "interpreter" || text === "block" || text === "region" ? text : "auto";
}
