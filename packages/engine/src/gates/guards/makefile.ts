type Rule = { readonly names: readonly string[]; readonly needs: readonly string[]; readonly recipe: string[] };

const MAX_DEPTH = 20;

/** What `make` would do for `targets`: their recipes and those of what they need, with the variables that these use. */
export function describeTargets(makefile: string, targets: ReadonlySet<string>): string {
  if (targets.size === 0) return "";
  const rules = readRules(makefile);
  const wanted = new Set(targets);
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const needs = rules.filter((rule) => rule.names.some((name) => wanted.has(name))).flatMap((rule) => rule.needs);
    if (needs.every((name) => wanted.has(name))) break;
    for (const name of needs) wanted.add(name);
  }
  const used = rules.filter((rule) => rule.names.some((name) => wanted.has(name)));
  const recipes = used.flatMap((rule) => rule.recipe).join("\n");
  const variables = [...recipes.matchAll(/\$[({](\w+)[)}]/g)].map(([, name]) => name ?? "");
  const settings = makefile.split("\n").filter((line) => {
    const name = /^(?:export )?(\w+)\s*[:?+]?=/.exec(line)?.[1];
    return name !== undefined && (variables.includes(name) || name === "SHELL" || name === "MAKEFLAGS");
  });
  const special = used.length === 0 ? [] : makefile.split("\n").filter((line) => /^\.(IGNORE|SHELLFLAGS)\b/.test(line));
  return [recipes, ...settings, ...special].filter((part) => part !== "").join("\n");
}

function readRules(makefile: string): Rule[] {
  const rules: Rule[] = [];
  for (const line of makefile.replaceAll("\\\n", " ").split("\n")) {
    if (line.startsWith("\t")) {
      if (line.trim() !== "" && !line.trim().startsWith("#")) rules.at(-1)?.recipe.push(line.trim());
      continue;
    }
    const colon = line.search(/:(?!=)/);
    const isRule = colon > 0 && !/[=#]/.test(line.slice(0, colon));
    if (!isRule) continue;
    const [needs = "", inline = ""] = line.slice(colon + 1).split(";");
    const recipe = inline.trim() === "" ? [] : [inline.trim()];
    rules.push({ names: toNames(line.slice(0, colon)), needs: toNames(needs.replace(/^:/, "")), recipe });
  }
  return rules;
}

function toNames(text: string): string[] {
  return text.split(/\s+/).filter((name) => name !== "" && name !== "|");
}
