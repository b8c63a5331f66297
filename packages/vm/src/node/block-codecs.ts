import { promisify } from "node:util";
import { constants, deflateRaw, inflateRaw, zstdCompress, zstdDecompress } from "node:zlib";
import type { BlockCodec } from "../snapshot/codec.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
const compressZstandard = promisify(zstdCompress);
const expandZstandard = promisify(zstdDecompress);

/** The fastest levels: of a guest's memory they make half, and the best ones hardly less. */
const DEFLATE = { level: 1 };
const ZSTANDARD = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** What snapshots are compressed with in Node, in its pool of threads: Zstandard (RFC 8878); Deflate (RFC 1951) as in browsers. */
export const NODE_CODECS: readonly BlockCodec[] = [
  {
    name: "zstd",
    compress: async (bytes) => compressZstandard(bytes, ZSTANDARD),
    expand: async (bytes, length) => expandZstandard(bytes, { maxOutputLength: length }),
  },
  {
    name: "deflate-raw",
    compress: async (bytes) => deflate(bytes, DEFLATE),
    expand: async (bytes, length) => inflate(bytes, { maxOutputLength: length }),
  },
];
