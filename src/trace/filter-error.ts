import { fileURLToPath } from 'node:url';

/** Characters kept of what a module threw: enough for a log line, too few to fill a log. */
const MAX_ERROR_LENGTH = 500;

/** The text of anything that module code threw, with file and line where they are known. Never throws. */
export function describeThrown(thrown: unknown): string {
  try {
    const place = thrown instanceof Error ? placeIn(thrown.stack) : null;
    // `message` can have been set to anything.
    const said: unknown = thrown instanceof Error ? thrown.message : thrown;
    const text = String(said).slice(0, MAX_ERROR_LENGTH);
    return place === null ? text : `${text} (${place})`;
  } catch {
    return 'what was thrown cannot be shown';
  }
}

/** A stack's first frame that is a file, or the head line `file:line` which Node puts over a syntax error. */
const FRAME = /(?:^|\(|\bat )((?:file:\/\/|\/)[^()\n]*?):(\d+)(?::\d+)?\)?$/gm;
const OWN_CODE = new URL('.', import.meta.url).href;

function placeIn(stack: unknown): string | null {
  if (typeof stack !== 'string') return null;
  for (const [, file = '', line] of stack.slice(0, 10_000).matchAll(FRAME)) {
    if (file.startsWith(OWN_CODE)) continue;
    return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${line}`;
  }
  return null;
}
