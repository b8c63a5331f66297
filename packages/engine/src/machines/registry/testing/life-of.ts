import { DEFAULT_MACHINE_POLICY, type MachineEvent } from "@cloister/core";

/** The events of a machine that was made and removed, another one for each `index`. */
export function lifeOf(index: number): readonly MachineEvent[] {
  const id = String(index).padStart(12, "0");
  const by = { pid: index, start: "1" };
  const machine = { id, name: `machine-${index}`, driver: "qemu", policy: DEFAULT_MACHINE_POLICY } as const;
  return [
    { type: "machine_creating", machine, by },
    { type: "machine_created", id, socketFolder: `/run/${id}` },
    { type: "machine_removing", id, why: "asked", by },
    { type: "machine_removed", id },
  ];
}
