/** Operands at which integer instructions change what they do: 64-bit patterns. */
export const INTEGER_EDGES: readonly bigint[] = [
  0n,
  1n,
  0xffff_ffff_ffff_ffffn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000n,
  0x7fff_ffffn,
  0xffff_ffffn,
  0xffff_ffff_8000_0000n,
  31n,
  32n,
  63n,
  0x0123_4567_89ab_cdefn,
  0xff00_7f80_0180_ff00n,
];

/** Raw contents of floating-point registers: singles boxed and not, doubles, zeroes, infinities, NaNs, subnormals. */
export const FLOAT_EDGES: readonly bigint[] = [
  0xffff_ffff_3f80_0000n,
  0xffff_ffff_c048_f5c3n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_7f80_0000n,
  0xffff_ffff_7fc0_1234n,
  0xffff_ffff_7f80_0001n,
  0xffff_ffff_0000_0001n,
  0x7fff_ffff_3f80_0000n,
  0x3ff0_0000_0000_0000n,
  0xc009_21fb_5444_2d18n,
  0x8000_0000_0000_0000n,
  0xfff0_0000_0000_0000n,
  0x7ff8_0000_0000_1234n,
  0x7ff0_0000_0000_0001n,
  0x0000_0000_0000_0001n,
  0x43e0_0000_0000_0000n,
];

/** The same for half precision: boxed and not, and what it is converted from. */
export const HALF_EDGES: readonly bigint[] = [
  0xffff_ffff_ffff_3c00n,
  0xffff_ffff_ffff_c248n,
  0xffff_ffff_ffff_8000n,
  0xffff_ffff_ffff_fc00n,
  0xffff_ffff_ffff_7e12n,
  0xffff_ffff_ffff_7c01n,
  0xffff_ffff_ffff_8001n,
  0xffff_ffff_ffff_7bffn,
  0xffff_ffff_fffe_3c00n,
  0xffff_ffff_3f80_2000n,
  0x3ff0_0000_0000_0001n,
  0x0000_0000_0001_0001n,
];

/** Three operands. */
export type Triple = readonly [bigint, bigint, bigint];

/** Every pair of edges; the third walks along. */
export function pairsOf(edges: readonly bigint[]): readonly Triple[] {
  return edges.flatMap((a, row) =>
    edges.map((b, column): Triple => [a, b, edges[(row * 3 + column * 5 + 1) % edges.length] ?? 0n]),
  );
}

/** Some of them: each edge at least once in each place. */
export function someOf(edges: readonly bigint[]): readonly Triple[] {
  const at = (index: number): bigint => edges[index % edges.length] ?? 0n;
  return edges.map((a, index): Triple => [a, at(index * 5 + 3), at(index * 3 + 7)]);
}
