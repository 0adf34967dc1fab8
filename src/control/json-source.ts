const TOKEN = /[{}[\],:]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s{}[\],:"]+/g;

/**
 * The value of a member of the outermost object as it was written. JSON.parse turns 12345678901234567890 into another
 * number; an id has to come back as it was sent.
 * @param text valid JSON, an object
 * @returns undefined when there is no such member; the last one when there are several, as JSON.parse has it
 */
export function memberSource(text: string, name: string): string | undefined {
  let source: string | undefined;
  let key: unknown;
  let depth = 0;
  // What was written between the last delimiter of the outermost object and the token at hand.
  let from = 0;
  let to = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const end = index + token.length;
    if (depth === 1 && token === ':') {
      key = JSON.parse(text.slice(from, to));
      from = end;
    } else if (depth === 1 && (token === ',' || token === '}')) {
      if (key === name) source = text.slice(from, to).trim();
      key = undefined;
      from = end;
    }
    if (token === '}' || token === ']') {
      depth -= 1;
    } else if (token === '{' || token === '[') {
      if (depth === 0) from = end;
      depth += 1;
    }
    to = end;
  }
  return source;
}
