/** What content is of, as an index into this list. */
export const CONTENTS = ['text', 'cpim', 'composing', 'imdn', 'file', 'other'] as const;
export type Content = (typeof CONTENTS)[number];

/** What became of a message with a body, be it one chunk or many, as an index into this list. */
export const RESULTS = ['complete', 'overlapping', 'incomplete', 'aborted'] as const;
export type Result = (typeof RESULTS)[number];

/** What is not remembered, where a limit is reached. */
export const UNWATCHED = ['session', 'transfer', 'delivery'] as const;
export type Unwatched = (typeof UNWATCHED)[number];

export const COMPLETE = RESULTS.indexOf('complete');
export const OVERLAPPING = RESULTS.indexOf('overlapping');
export const INCOMPLETE = RESULTS.indexOf('incomplete');
export const ABORTED = RESULTS.indexOf('aborted');
