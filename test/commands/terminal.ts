import type { Terminal } from '#src/commands/command.js';

/** A terminal that keeps what it is told. */
export interface FakeTerminal extends Terminal {
  readonly printed: string[];
  readonly complained: string[];
}

export function fakeTerminal(): FakeTerminal {
  const printed: string[] = [];
  const complained: string[] = [];
  return {
    printed,
    complained,
    print: (line) => printed.push(line),
    complain: (line) => complained.push(line),
    token: undefined,
    inheritedFds: [],
    predecessor: null,
    onHandOver: () => {},
    startSuccessor: () => Promise.reject(new Error('there is none here')),
    notify: () => {},
    stop: new AbortController().signal,
    stopNow: new AbortController().signal,
    onReload: () => {},
  };
}
