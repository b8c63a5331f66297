import { promisify } from "node:util";
import { constants, deflateRaw, inflateRaw, zstdCompress, zstdDecompress } from "node:zlib";
import type { BlockCodec } from "../snapshot/codec.ts";
import { BLOCK_BYTES } from "../snapshot/format.ts";

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
const compressZstandard = promisify(zstdCompress);
const expandZstandard = promisify(zstdDecompress);

/** Room for all that comes out, and a byte that stays free: the pool is asked only once then, instead of every 16 KiB. */
const CHUNK = { chunkSize: BLOCK_BYTES + 1 };

/** The fastest levels: they halve a guest's memory, and the best ones hardly do better. */
const DEFLATE = { ...CHUNK, level: constants.Z_BEST_SPEED };
const ZSTANDARD = { ...CHUNK, params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** What snapshots are compressed with in Node, in its pool of threads: Zstandard (RFC 8878); Deflate (RFC 1951), as in browsers. */
export const NODE_CODECS: readonly BlockCodec[] = [
  {
    name: "zstd",
    compress: async (bytes) => compressZstandard(bytes, ZSTANDARD),
    expand: async (bytes, length) => expandZstandard(bytes, { ...CHUNK, maxOutputLength: length }),
  },
  {
    name: "deflate-raw",
    compress: async (bytes) => deflate(bytes, DEFLATE),
    expand: async (bytes, length) => inflate(bytes, { ...CHUNK, maxOutputLength: length }),
  },
];
