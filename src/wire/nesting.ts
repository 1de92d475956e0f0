/** How deep a parsed JSON value nests: asked before anything recurses into it. */

/** Whether arrays and objects nest more than `levelsMax` deep; `[]` nests one level. Does not recurse itself. */
export function isNestedDeeper(value: unknown, levelsMax: number): boolean {
  let level = [value].filter(isNest);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth === levelsMax) return true;
    level = level.flatMap((nest) => Object.values(nest).filter(isNest));
  }
  return false;
}

function isNest(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
