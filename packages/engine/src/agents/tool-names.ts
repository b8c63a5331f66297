/** Calls under way that are remembered at most: a hostile agent may begin calls without end. */
const MOST_OPEN = 256;

/** Remembers which tool a call was of, from its begin to its end. */
export interface ToolNames {
  begin(id: string, tool: string): void;
  /** Tells whether the call has begun and not ended. */
  has(id: string): boolean;
  /** The call's tool, which is then forgotten; `tool` where its begin was not seen. */
  end(id: string): string;
}

/** An empty memory of calls. */
export function createToolNames(): ToolNames {
  const open = new Map<string, string>();
  return {
    begin(id, tool) {
      const [oldest] = open.keys();
      if (oldest !== undefined && open.size >= MOST_OPEN) open.delete(oldest);
      open.set(id, tool);
    },
    has: (id) => open.has(id),
    end(id) {
      const tool = open.get(id) ?? "tool";
      open.delete(id);
      return tool;
    },
  };
}
