/** What the rows have in common. */

/** @import { Work } from './programs/messages.mjs' */

/** The work of most rows: many chats of people who do not wait for each other. @type {Work} */
export const BATCHED = { links: 50, window: 8, bodyOctets: 1_024, perWrite: 8, tls: null, relayed: false };

/** The same, each message in a write of its own. @type {Work} */
export const UNBATCHED = { ...BATCHED, perWrite: 1 };

/** A chat in which each waits for the other. @type {Work} */
export const ONE_AT_A_TIME = { ...BATCHED, window: 1, bodyOctets: 200, perWrite: 1 };

const KIB = 1_024;

/** @param {Work} work */
export function describe({ links, window, bodyOctets, perWrite, tls, relayed }) {
  const body = bodyOctets % KIB === 0 ? `${bodyOctets / KIB} KiB` : `${bodyOctets.toLocaleString('en')} octets`;
  const writes = window > 1 ? `, ${perWrite > 1 ? 'batched' : 'each message in a write of its own'}` : '';
  const variant = `${tls === null ? '' : ', TLS on both sides'}${relayed ? ', To-Path through the relay' : ''}`;
  return `${links.toLocaleString('en')} links, window ${window}, ${body}${writes}${variant}`;
}
