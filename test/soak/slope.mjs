// @ts-check
/**
 * How much a figure rises in a minute: the median of the slopes between any two samples (Theil and Sen), which single
 * peaks do not move.
 * @param {readonly { readonly minute: number, readonly value: number }[]} samples
 */
export function slope(samples) {
  /** @type {number[]} */
  const slopes = [];
  for (const [index, one] of samples.entries()) {
    for (const other of samples.slice(index + 1)) slopes.push((other.value - one.value) / (other.minute - one.minute));
  }
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)] ?? 0;
}
