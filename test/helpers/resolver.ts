/** The resolver of the system, which is another one on each machine. */
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { onTestFinished } from 'vitest';

/** Until the test ends, this is what comes of looking up a name, whichever it is. */
export function everyNameIs(answer: Promise<never>): void {
  // Nobody may ever ask.
  answer.catch(() => {});
  const { lookup } = dns;
  const put = (each: typeof lookup): void => {
    dns.lookup = each;
    syncBuiltinESMExports();
  };
  put(Object.assign(() => answer, lookup));
  onTestFinished(() => put(lookup));
}

/** What getaddrinfo fails with. */
export function lookupError(code: string): Error {
  return Object.assign(new Error(`getaddrinfo ${code}`), { code, syscall: 'getaddrinfo' });
}
