/** Images that machines start from: what `port.ts` says. */
export type { DiskImport, ImageManifest, ImageStore, OnProgress, StoredImage } from "./port.ts";
export { type DebianArchive, openDebianArchive } from "./debian-archive.ts";
export { debianSources } from "./debian-sources.ts";
export { openImageStore } from "./image-store.ts";
export { readManifest } from "./manifest.ts";
export type { ImageCheckRow, RunInMachine } from "./verify-image.ts";
export { verifyImage } from "./verify-image.ts";
