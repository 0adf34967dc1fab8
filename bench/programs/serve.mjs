/** The child's side of the questions that processes.mjs asks. */

/**
 * @typedef {Readonly<Record<string, any>>} Words what a question says besides its name
 * @typedef {(subject: any, words: Words) => Promise<object>} Answerer
 */

/**
 * Answers { NAME: SUBJECT, ...WORDS } by calling `answerers[NAME]`. Ends the process with its parent, and with the first
 * error.
 * @param {Readonly<Record<string, Answerer>>} answerers
 */
export function serve(answerers) {
  process.on('message', async (/** @type {Words} */ question) => {
    for (const [name, answer] of Object.entries(answerers)) {
      if (name in question) process.send?.(await answer(question[name], question));
    }
  });
  process.on('disconnect', () => process.exit());
}
