const SEND = Buffer.from('SEND', 'latin1');

/** The method that is `octets[start, end)`. Most are SEND: they get by without a string of their own. */
export function methodIn(octets: Buffer, start: number, end: number): string {
  return isSend(octets, start, end) ? 'SEND' : octets.toString('latin1', start, end);
}

function isSend(octets: Buffer, start: number, end: number): boolean {
  if (end - start !== SEND.length) return false;
  for (let i = 0; i < SEND.length; i++) if (octets[start + i] !== SEND[i]) return false;
  return true;
}
