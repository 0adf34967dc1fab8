import { createHash, timingSafeEqual } from 'node:crypto';

/** Whether a request's Authorization header carries the token [RFC 6750 §2.1]. */
export type Guard = (authorization: string | undefined) => boolean;

/** @param token undefined: everybody may */
export function bearerGuard(token: string | undefined): Guard {
  if (token === undefined) return () => true;
  const expected = digest(token);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    // Of the digests, so that neither the time nor the length tells how much of a guess was right.
    return given !== undefined && timingSafeEqual(digest(given), expected);
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
