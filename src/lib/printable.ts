/** Text from the network, for a terminal: it must neither move a cursor nor turn the direction of what is read. */

/** Controls, formats (bidirectional overrides among them), lone surrogates and line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;
const ALL_UNPRINTABLE = new RegExp(UNPRINTABLE, 'gu');

/** Joins emoji; on its own it does nothing. */
const ZERO_WIDTH_JOINER = '\u200d';

/**
 * One line of text: line ends are shown as ⏎, other characters that do not print as `\u{1b}`.
 * @param max UTF-16 units of the result; what is longer ends with …
 */
export function printable(text: string, max: number): string {
  if (text.length <= max && !UNPRINTABLE.test(text)) return text;
  let shown = '';
  for (let at = 0; at < text.length;) {
    const [read, written] = nextOf(text, at);
    if (shown.length + written.length > max) return `${shown}…`;
    shown += written;
    at += read;
  }
  return shown;
}

/** How many units of the text the next thing to show takes, and how it is shown. */
function nextOf(text: string, at: number): [number, string] {
  if (text.startsWith('\r\n', at)) return [2, '⏎'];
  const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (char === '\n') return [1, '⏎'];
  if (char === '\t') return [1, ' '];
  if (char === ZERO_WIDTH_JOINER || !UNPRINTABLE.test(char)) return [char.length, char];
  return [char.length, `\\u{${char.codePointAt(0)?.toString(16)}}`];
}

/** JSON text that says the same, with every character escaped that does not print; its line ends stay. */
export function printableJson(json: string): string {
  return json.replace(ALL_UNPRINTABLE, (char) => {
    if (char === '\n') return char;
    return Array.from({ length: char.length }, (_, i) => escapeUnit(char.charCodeAt(i))).join('');
  });
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
