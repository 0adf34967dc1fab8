/**
 * What a text of YAML must not have, whatever it says. The yaml package goes down into what is nested by recursion, and
 * near the end of the stack V8 may end the whole process: it has no memory there to compile a regular expression.
 */
import { Lexer } from 'yaml';

/** Of a text: hundreds of TLS domains fit in. A log that was named by mistake takes seconds to be taken apart. */
const MAX_CHARACTERS = 262_144;

/** Brackets in brackets. A configuration has three. */
const MAX_BRACKETS = 64;

/** Columns before what stands on a line: of blanks, and of dashes and the like. Each level takes one at least. */
const MAX_COLUMNS = 100;
const DEEP_LINE = new RegExp(`^[ \\t?:-]{${MAX_COLUMNS + 1}}`, 'm');

/** @returns what is wrong; null: it may be read */
export function beyondBounds(text: string): string | null {
  if (text.length > MAX_CHARACTERS) return `more than ${MAX_CHARACTERS} characters`;
  if (DEEP_LINE.test(text)) return `a line with more than ${MAX_COLUMNS} columns before its text`;
  let depth = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (depth > MAX_BRACKETS) return `more than ${MAX_BRACKETS} brackets in each other`;
  }
  return null;
}
