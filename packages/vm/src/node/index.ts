/** What machines in Node have besides: the host's clock and files. */
export { clearCacheFiles, listCacheFiles } from "./cache-files.ts";
export { type CacheFolder, openCacheFolder } from "./cache-folder.ts";
export { openDisk, type OpenDiskOptions } from "./file-disk.ts";
export { createFolderTree } from "./folder-tree.ts";
export { openNativeCode } from "./native-code.ts";
export { nodeHost } from "./host.ts";
export { openSnapshotFile } from "./snapshot-file.ts";
export { createSocksOutbound } from "./socks-outbound.ts";
export { serveVsock } from "./vsock-sockets.ts";
