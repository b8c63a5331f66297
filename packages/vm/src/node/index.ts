/** What machines in Node have besides: the host's clock and files. */
export { openDisk, type OpenDiskOptions } from "./file-disk.ts";
export { nodeHost } from "./host.ts";
