import { readHeaded } from './head.js';

/** Bodies within bodies: nobody has more than two. Each level is read once more, so this also bounds the work. */
const MAX_DEPTH = 4;

/** A boundary has 70 characters at most [RFC 2046 §5.1.1], in quotes or not. */
const BOUNDARY = /;[ \t]*boundary[ \t]*=[ \t]*(?:"(?<quoted>[^"]{1,70})"|(?<token>[^\s;"]{1,70}))/i;

/** The session descriptions in a body: itself, or parts of it, of multipart bodies of any kind and depth. */
export function sessionDescriptions(contentType: string, body: string, depth = 0): readonly string[] {
  const type = contentType
    .replace(/;[^]*$/, '')
    .trim()
    .toLowerCase();
  if (type === 'application/sdp') return [body];
  if (!type.startsWith('multipart/') || depth === MAX_DEPTH) return [];
  const { quoted, token } = BOUNDARY.exec(contentType)?.groups ?? {};
  const boundary = quoted ?? token;
  if (boundary === undefined) return [];
  return partsOf(body, boundary).flatMap((part) => {
    const { fields, body: inner } = readHeaded(part);
    return sessionDescriptions(fields.get('content-type') ?? '', inner, depth + 1);
  });
}

/** What stands between the lines of the boundary [RFC 2046 §5.1.1]; the last part may lack the closing one. */
function partsOf(body: string, boundary: string): readonly string[] {
  const [delimiter, close] = [`--${boundary}`, `--${boundary}--`];
  const parts: string[][] = [];
  let part: string[] | null = null;
  for (const line of body.split(/\r?\n/)) {
    const bare = line.trimEnd();
    if (bare === close) break;
    if (bare === delimiter) parts.push((part = []));
    else part?.push(line);
  }
  return parts.map((lines) => lines.join('\n'));
}
