/** A change that is ready to be made and cannot fail any more. One of the two is called, once. */
export interface Prepared {
  readonly use: () => void;
  readonly discard: () => void;
}

export const NOTHING_PREPARED: Prepared = { use: () => {}, discard: () => {} };

/**
 * Several changes as one: made ready one after the other, used in the same order. When one fails, those before it are
 * discarded.
 */
export async function preparedTogether(steps: readonly (() => Prepared | Promise<Prepared>)[]): Promise<Prepared> {
  const ready: Prepared[] = [];
  const discard = (): void => {
    for (const each of ready.toReversed()) each.discard();
  };
  try {
    for (const step of steps) ready.push(await step());
  } catch (error) {
    discard();
    throw error;
  }
  const use = (): void => {
    for (const each of ready) each.use();
  };
  return { use, discard };
}
