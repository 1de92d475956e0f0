/** The known name that a misspelt one most likely meant. */

/** Longer names are compared by this many of their first characters: the cost is the product of both lengths. */
const CHARS_COMPARED_MAX = 64;

/**
 * The name of `known` that is most like this one: by the insertions, deletions and replacements between them, whatever
 * the case, as a part of the longer one's length (else any two letters would be nearer to `temp` than `temperature`).
 * The first of several as near. Undefined only when nothing is known.
 */
export function nearestOf(name: string, known: Iterable<string>): string | undefined {
  const wanted = folded(name);
  let nearest: string | undefined;
  let leastDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = folded(candidate);
    const distance = editDistance(wanted, other) / Math.max(wanted.length, other.length, 1);
    if (distance < leastDistance) [nearest, leastDistance] = [candidate, distance];
  }
  return nearest;
}

/** Edits beyond which a name is no likely typing error. */
const TYPING_EDITS_MAX = 3;

/** The nearest name where it is so near that a typing error is likely: three edits, and half of the name, at most. */
export function likelyMeant(name: string, known: Iterable<string>): string | undefined {
  const nearest = nearestOf(name, known);
  if (nearest === undefined) return undefined;
  const editsMax = Math.min(TYPING_EDITS_MAX, Math.ceil(name.length / 2));
  return editDistance(folded(name), folded(nearest)) <= editsMax ? nearest : undefined;
}

function folded(name: string): string {
  return name.slice(0, CHARS_COMPARED_MAX).toLowerCase();
}

/** Levenshtein's distance (1966), by Wagner and Fischer's table (1974) of which one row is kept. */
export function editDistance(from: string, to: string): number {
  const row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let i = 1; i <= from.length; i++) {
    let diagonal = i - 1;
    row[0] = i;
    for (let j = 1; j <= to.length; j++) {
      const replaced = diagonal + (from[i - 1] === to[j - 1] ? 0 : 1);
      diagonal = row[j]!;
      row[j] = Math.min(replaced, diagonal + 1, row[j - 1]! + 1);
    }
  }
  return row[to.length]!;
}
