/** The child's side of the questions that processes.mjs asks: a word and its arguments; every answer is a list of numbers. */

/** @typedef {readonly number[]} Answer */
/** @typedef {(...args: (string | number)[]) => Promise<Answer> | Answer} Answerer */

/**
 * Says `ready` (the port where the process listens), then answers questions by calling `answerers[WORD](...ARGUMENTS)`.
 * Ends the process with its parent.
 * @param {number} ready
 * @param {Readonly<Record<string, Answerer>>} answerers
 */
export function serve(ready, answerers) {
  process.on('message', async (/** @type {[string, ...(string | number)[]]} */ [word, ...args]) => {
    const answerer = answerers[word];
    if (answerer === undefined) throw new Error(`nobody answers "${word}"`);
    process.send?.(await answerer(...args));
  });
  process.on('disconnect', () => process.exit());
  process.send?.([ready]);
}
