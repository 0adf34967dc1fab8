import { watch } from 'node:fs';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';

/** Milliseconds. Editors and copy programs write in several steps; a module read between two of them is half a module. */
const DEBOUNCE = 100;

/**
 * A module, or what a module may import. `..data` is the link that Kubernetes moves when a mounted ConfigMap changes; the
 * files themselves show no event then.
 */
const WATCHED = /\.(?:js|mjs|cjs|json)$|^\.\.data$/;

/**
 * Calls `onChange` after modules in `directory` changed: once for changes that follow each other closely, and never again
 * before it has resolved. A directory that cannot be watched is a warning: reloading by hand still works.
 * @param onChange must not reject
 * @returns ends the watch
 */
export function watchModules(directory: string, onChange: () => Promise<void>, log: Log): () => void {
  let timer: NodeJS.Timeout | undefined;
  let running = false;
  let changed = false;
  let closed = false;

  const run = async (): Promise<void> => {
    if (running) {
      changed = true;
      return;
    }
    running = true;
    await onChange();
    running = false;
    if (changed && !closed) {
      changed = false;
      void run();
    }
  };
  const failed = (error: unknown): void => {
    log.warn({ directory, error: messageOf(error) }, 'filters are not watched; reload them by hand');
  };

  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      if (name !== null && !WATCHED.test(name)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void run(), DEBOUNCE).unref();
    });
    watcher.on('error', (error) => {
      watcher.close();
      failed(error);
    });
    return () => {
      closed = true;
      clearTimeout(timer);
      watcher.close();
    };
  } catch (error) {
    failed(error);
    return () => {};
  }
}
