/** A copy of a latin1 text: a part of a longer one would keep all of that in memory. */
export function detached(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}
