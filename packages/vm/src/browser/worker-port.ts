/** What is used of a web worker, seen from its end or from the one that started it (HTML, section 10.2). */
export interface WorkerPort {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  /** @param transfer buffers that go over to the other end, instead of being copied */
  postMessage(message: unknown, transfer: never[]): void;
}

/** What is used of a web worker by whoever started it. A page's `Worker` is one. */
export interface WorkerHandle extends WorkerPort {
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(type: "error", listener: (event: { readonly message?: string }) => void): void;
  terminate(): void;
}

/** What workers find around them. TypeScript's own description of it can't stand beside Node's. */
type WorkerScope = WorkerPort & {
  readonly crossOriginIsolated?: boolean;
  readonly Worker: new (url: string, options: { readonly type: "module" }) => WorkerHandle;
};

const scope = globalThis as unknown as WorkerScope;

/** The end of the worker that this runs in. */
export function ownPort(): WorkerPort {
  return scope;
}

/** May memory be shared with other workers? In pages that are cross-origin isolated (HTML, section 7.1.4). */
export function mayShareMemory(): boolean {
  return scope.crossOriginIsolated === true;
}

/** Starts a worker. @param url of a module; relative to this worker's */
export function startWorker(url: string): WorkerHandle {
  return new scope.Worker(url, { type: "module" });
}
