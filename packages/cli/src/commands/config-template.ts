/** The text of a first `cloister.yaml`: everything in it is a comment, so that it changes nothing until someone decides. */
export function configTemplate(setup: readonly string[]): string {
  return `# Cloister's configuration for this repository. What is left out has a default, or is detected:
# \`cloister config\` prints what is in force, and where each value comes from.

# agent: claude            # or codex, gemini, …; auto takes what is installed and logged in
# model: some-model
# limits:
#   maxIterations: 50
#   maxCost: 10            # US dollars
#   maxRuntime: 4h
# gateway:                 # the metered door to the models
#   budgets: { day: { maxCost: 20 } }
# gates:                   # of plans that name none
#   tests: npm test
# setup: ${JSON.stringify(setup)}
# protect: ["tests/acceptance/**"]
`;
}
