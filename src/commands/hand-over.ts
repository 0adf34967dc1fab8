import type { App } from '../app.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Successor, Terminal } from './command.js';

/**
 * Resolves when another process has taken over. It is tried whenever the terminal asks for it; where it fails, this process
 * goes on, and says why.
 */
export function handedOver(app: Pick<App, 'handOver'>, log: Log, terminal: Terminal): Promise<Successor> {
  let isUnderWay = false;
  return new Promise((resolve) => {
    terminal.onHandOver(async () => {
      if (terminal.stop.aborted) return;
      if (isUnderWay) {
        log.warn('a hand-over is under way already');
        return;
      }
      isUnderWay = true;
      log.info('hand-over to a new process');
      try {
        resolve(await app.handOver((inheritance) => terminal.startSuccessor(inheritance)));
      } catch (error) {
        isUnderWay = false;
        // The new process was not waited for.
        if (terminal.stop.aborted) log.info('hand-over given up: this process is told to stop');
        else log.error({ error: messageOf(error) }, 'hand-over failed; this process goes on');
      }
    });
  });
}
