import { VmError } from "../error.ts";

/**
 * Value of a property: `true` is a property without value, a number one cell, a list of numbers several cells, a text one string,
 * a list of texts a string list, bytes themselves (Devicetree Specification v0.4, section 2.2.4).
 */
export type PropertyValue = true | number | readonly number[] | string | readonly string[] | Uint8Array;

/** A node of a device tree. */
export type DeviceTreeNode = {
  /** With its unit address: `serial@10000000`. Empty for the root. */
  readonly name: string;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly children: readonly DeviceTreeNode[];
};

/**
 * Makes a node.
 * @throws VmError `option_invalid` where the name of it or of a property isn't one (sections 2.2.1 and 2.2.4.1), a text holds a NUL
 * or a cell isn't a 32-bit number
 */
export function node(
  name: string,
  properties: Readonly<Record<string, PropertyValue>>,
  children: readonly DeviceTreeNode[] = [],
): DeviceTreeNode {
  if (!/^([a-zA-Z][\w,.+-]{0,30}(@[\w,.+-]+)?)?$/.test(name))
    throw new VmError("option_invalid", `"${name}" is no name of a device tree's node`);
  for (const [property, value] of Object.entries(properties)) checkProperty(`${name}/${property}`, property, value);
  return { name, properties, children };
}

/** A 64-bit number as two cells, the upper first. @param value a whole number below 2^53 */
export function cells64(value: number): readonly [number, number] {
  return [Math.floor(value / 2 ** 32), value % 2 ** 32];
}

function checkProperty(path: string, name: string, value: PropertyValue): void {
  if (!/^[\w,.+?#-]{1,31}$/.test(name)) throw new VmError("option_invalid", `"${path}" is no name of a property`);
  for (const part of typeof value === "object" && !(value instanceof Uint8Array) ? value : [value]) {
    if (typeof part === "string" && part.includes("\0"))
      throw new VmError("option_invalid", `the text of the device tree's ${path} holds a NUL character`);
    if (typeof part === "number" && part >>> 0 !== part)
      throw new VmError("option_invalid", `the device tree's ${path} holds ${part}: expected 0 to 2^32 - 1`);
  }
}
