import { equal, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { encodeText } from "./byte-sink.ts";
import { cells64, type DeviceTreeNode, node, type PropertyValue } from "./node.ts";
import { writeDeviceTree } from "./write-device-tree.ts";

/** What the reference compiler reads in a blob. */
function decompile(blob: Uint8Array): string {
  const { stdout, stderr, status } = spawnSync("dtc", ["-q", "-I", "dtb", "-O", "dts"], {
    input: blob,
    timeout: 20_000,
  });
  equal(status, 0, String(stderr));
  return String(stdout);
}

describe("a device tree", () => {
  test("is read by dtc as it was written", () => {
    const tree = node("", { "#address-cells": 2, compatible: ["one,two", "three"] }, [
      node("empty", {}),
      node("memory@80000000", { device_type: "memory", reg: [...cells64(0x8000_0000), ...cells64(2 ** 40 + 4)] }, [
        node("child", {
          flag: true,
          "odd,bytes": Uint8Array.of(1, 2, 3),
          bootargs: "%41 a=b",
          reg: 5,
          nothing: "",
        }),
      ]),
    ]);
    const expected = `/dts-v1/;

/ {
	#address-cells = <0x02>;
	compatible = "one,two\\0three";

	empty {
	};

	memory@80000000 {
		device_type = "memory";
		reg = <0x00 0x80000000 0x100 0x04>;

		child {
			flag;
			odd,bytes = [01 02 03];
			bootargs = "%41 a=b";
			reg = <0x05>;
			nothing = [00];
		};
	};
};
`;
    equal(decompile(writeDeviceTree(tree)), expected);
  });

  test("is what dtc itself makes of its source, byte for byte in structure and strings", () => {
    const source = `/dts-v1/; / { a = <1 2>; b = "x", "y"; n@1 { a; b = [aa bb]; m { c = <3>; }; }; };`;
    const { stdout } = spawnSync("dtc", ["-q", "-I", "dts", "-O", "dtb"], { input: source, timeout: 20_000 });
    const child = node("n@1", { a: true, b: Uint8Array.of(0xaa, 0xbb) }, [node("m", { c: 3 })]);
    equal(
      Buffer.from(writeDeviceTree(node("", { a: [1, 2], b: ["x", "y"] }, [child]))).toString("hex"),
      stdout.toString("hex"),
    );
  });

  test("holds text as UTF-8, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const expected = Buffer.from(`${text}\0`);
        equal(Buffer.from(encodeText(text)).toString("hex"), expected.toString("hex"));
      }),
    );
  });

  test("of any shape is read by dtc", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/);
    const value: fc.Arbitrary<PropertyValue> = fc.oneof(
      fc.constant(true as const),
      fc.array(fc.nat(0xffff_ffff), { maxLength: 300 }),
      fc.string({ unit: "grapheme", maxLength: 2000 }).filter((text) => !text.includes("\0")),
      fc.uint8Array({ maxLength: 40 }),
    );
    const properties = fc.dictionary(name, value, { maxKeys: 5 });
    const leaf = fc.tuple(name, properties).map(([own, values]) => node(own, values));
    /** Nodes with up to three of the given ones below. */
    const above = (children: fc.Arbitrary<DeviceTreeNode>): fc.Arbitrary<DeviceTreeNode> =>
      fc
        .tuple(name, properties, fc.uniqueArray(children, { maxLength: 3, selector: (child) => child.name }))
        .map(([own, values, below]) => node(own, values, below));
    const tree = above(above(above(leaf)));
    fc.assert(
      fc.property(properties, tree, (values, child) => {
        const text = decompile(writeDeviceTree(node("", values, [child])));
        equal(text.split("\n").filter((line) => line.endsWith("{")).length, 1 + countNodes(child));
      }),
      { numRuns: 30 },
    );
  });

  const refused: readonly (readonly [string, () => unknown])[] = [
    ["a name with a space", () => node("a b", {})],
    ["a name that is too long", () => node("a".repeat(32), {})],
    ["a name with a path", () => node("a/b", {})],
    ["a property without a name", () => node("a", { "": 1 })],
    ["a property with a slash", () => node("a", { "b/c": 1 })],
    ["a text with a NUL", () => node("a", { b: "x\0y" })],
    ["a list with a NUL", () => node("a", { b: ["x", "\0"] })],
    ["a cell below zero", () => node("a", { b: -1 })],
    ["a cell above 32 bits", () => node("a", { b: [0, 2 ** 32] })],
    ["a cell that is a fraction", () => node("a", { b: 0.5 })],
  ];
  for (const [what, make] of refused) test(`refuses ${what}`, () => throws(make, { code: "option_invalid" }));
});

function countNodes({ children }: DeviceTreeNode): number {
  return 1 + children.reduce((sum, child) => sum + countNodes(child), 0);
}
