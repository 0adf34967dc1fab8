/** The head of a SIP message [RFC 3261 §7.3] or of a part of a multipart body [RFC 2046 §5.1]: header fields, then the body. */

export interface Headed {
  /** Values by name, in lower case and in its long form; of one that comes twice, the first. */
  readonly fields: ReadonlyMap<string, string>;
  readonly body: string;
}

/** [RFC 3261 §7.3.3], of those that are asked for. */
const COMPACT: ReadonlyMap<string, string> = new Map([
  ['i', 'call-id'],
  ['c', 'content-type'],
  ['l', 'content-length'],
]);

const EMPTY_LINE = /\r?\n\r?\n/;
/** A line that begins with a blank goes on with the one before [RFC 3261 §7.3.1]. */
const FOLD = /\r?\n[ \t]+/g;
const LINE_END = /\r?\n/;

/** Reads header fields up to the empty line. Lines may end in a LF alone; those that are no field are passed over. */
export function readHeaded(text: string): Headed {
  // An empty head, as parts of a body may have, is nothing but its empty line.
  const start = LINE_END.exec(text.slice(0, 2));
  if (start?.index === 0) return { fields: new Map(), body: text.slice(start[0].length) };
  const end = EMPTY_LINE.exec(text);
  const head = end === null ? text : text.slice(0, end.index);
  const body = end === null ? '' : text.slice(end.index + end[0].length);
  return { fields: readFields(head), body };
}

function readFields(head: string): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of head.replaceAll(FOLD, ' ').split(LINE_END)) {
    const colon = line.indexOf(':');
    if (colon === -1) continue;
    const written = line.slice(0, colon).trim().toLowerCase();
    const name = COMPACT.get(written) ?? written;
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}
