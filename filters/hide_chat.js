// Hides what people write to each other, and keeps the rest: who, when, how it was answered, typing, delivery receipts.

// What else comes in texts. A type that is not known is hidden too.
const KEPT = new Set(['application/im-iscomposing+xml', 'message/imdn+xml']);

// Every connection is traced.
export default function hide_chat() {}

/** @type {import('msrptap/filter').MessageRoute} */
export function message({ content_type, body }) {
  if (content_type === null) return;
  const type = mediaType(content_type);
  if (!KEPT.has(type === 'message/cpim' ? innerType(body) : type)) return { body: 'headers' };
}

/** @param {string} content_type */
function mediaType(content_type) {
  return content_type.replace(/;.*/s, '').trim().toLowerCase();
}

/**
 * What a CPIM message (RFC 3862) is a wrapper of: its own headers, a blank line, then those of what is in it. Of a chunk
 * from its middle nothing is known.
 * @param {Buffer} body
 */
function innerType(body) {
  const [, inner = '', ...content] = body.toString().split('\r\n\r\n');
  if (content.length === 0) return '';
  const types = inner.split('\r\n').filter((line) => /^content-type:/i.test(line));
  return types.length === 1 ? mediaType(types[0].slice('content-type:'.length)) : '';
}
