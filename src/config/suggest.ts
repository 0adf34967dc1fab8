/** "Did you mean": the known key that a wrong one is nearest to. */

/** Changed, left out, added or swapped letters that still look like a slip. */
const MAX_SLIPS = 2;

export function nearest(wrong: string, known: readonly string[]): string | null {
  const allowed = Math.min(MAX_SLIPS, Math.floor(wrong.length / 3));
  let best: string | null = null;
  let fewest = allowed + 1;
  for (const key of known) {
    // Each letter too many is a slip; what is as long as a file is not compared letter by letter.
    if (Math.abs(wrong.length - key.length) >= fewest) continue;
    const slips = distance(wrong.toLowerCase(), key.toLowerCase());
    if (slips < fewest) [best, fewest] = [key, slips];
  }
  return best;
}

/** Levenshtein distance with swaps of neighbours (optimal string alignment). */
function distance(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
        swapped ? at(before, column - 2) + 1 : Infinity,
      );
    }
    [before, above] = [above, current];
  }
  return at(above, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
