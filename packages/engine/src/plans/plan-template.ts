/** What `cloister init` makes a plan of. */
export type TemplateOptions = {
  readonly title?: string;
  /** Gates to begin with: name to command. */
  readonly gates?: Readonly<Record<string, string>>;
};

/** The text of a first plan: it can be read as it stands, and shows what a plan can say. */
export function planTemplate({ title = "What this plan is for", gates = {} }: TemplateOptions = {}): string {
  const lines = Object.entries(gates).map(([name, command]) => `  ${JSON.stringify(name)}: ${JSON.stringify(command)}`);
  const gateLines =
    lines.length > 0 ? ["gates:", ...lines] : ["# gates:              # left out: detected", "#   tests: npm test"];
  return `---
title: ${JSON.stringify(title)}
${gateLines.join("\n")}
limits:
  maxIterations: 30
# protect: [tests/acceptance/**]
---

What every task should know: what this is for, how it is built, what to keep to.

## Task: Name the first outcome {#first}

What should be true when it is done, and how one can see it.

- an acceptance criterion that a test can check

## Task: Name the next one {#next}

\`\`\`yaml
dependsOn: first
# gates: { acceptance: npm run test:acceptance }
# phases: [analyse, implement, review]
# limits: { maxIterations: 8 }
\`\`\`

What should be true when it is done.
`;
}
