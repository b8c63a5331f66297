import { architectureOf } from "../qemu/architecture.ts";

/** What libvirt calls a kind of machine. */
export type Board = { readonly architecture: string; readonly machine: string };

/** The board of machines of an architecture, which is given by Debian's word. @throws CloisterError `machine_unsupported` */
export function boardOf(name: string): Board {
  const { program, machine } = architectureOf(name);
  const [plain = machine] = machine.split(",");
  return { architecture: program.replace("qemu-system-", ""), machine: plain };
}
