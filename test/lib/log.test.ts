import { expect, test } from 'vitest';
import { createLog, setLogLevel } from '#src/lib/log.js';

test('a level that is changed holds for a log and for all that came of it, and for what comes of them', () => {
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => void lines.push((JSON.parse(line) as { msg: string }).msg) });
  const child = log.child({ part: 'child' });
  const grandchild = child.child({ part: 'grandchild' });
  const other = createLog('info', { write: () => lines.push('another log') });
  const say = (word: string): void => {
    for (const each of [log, child, grandchild, child.child({ part: 'new' })]) each.debug(word);
    other.debug(word);
  };
  say('too early');
  setLogLevel(child, 'debug');
  say('told');
  setLogLevel(log, 'warn');
  say('too late');
  expect(lines).toEqual(['told', 'told', 'told', 'told']);
});
