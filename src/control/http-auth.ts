import { secretCheck } from '../lib/secret.js';

/** Whether a request's Authorization header carries the token [RFC 6750 §2.1]. */
export type Guard = (authorization: string | undefined) => boolean;

/** @param token undefined: everybody may */
export function bearerGuard(token: string | undefined): Guard {
  if (token === undefined) return () => true;
  const isToken = secretCheck(token);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return given !== undefined && isToken(given);
  };
}
