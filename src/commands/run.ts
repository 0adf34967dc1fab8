import { App } from '../app.js';
import { readConfig } from '../config.js';
import { createLog } from '../lib/log.js';
import { LogStream } from '../lib/log-stream.js';
import { fired } from '../lib/fired.js';
import type { ExitStatus, Terminal } from './command.js';
import { handedOver } from './hand-over.js';

/** `msrptap run`: in the foreground until a signal, or until another process has taken over. */
export async function run(file: string, terminal: Terminal): Promise<ExitStatus> {
  const environment = { token: terminal.token };
  const config = readConfig(file, environment);
  const stream = new LogStream();
  try {
    const log = createLog(config.log.level, stream);
    const handedOn = (await terminal.predecessor?.trace) ?? null;
    const app = await App.start({
      config,
      log,
      environment,
      inheritedFds: terminal.inheritedFds,
      predecessor: terminal.predecessor?.gone ?? null,
      handedOn,
      logLinesDropped: () => stream.dropped,
      workerLog: (line) => stream.write(line),
    });
    terminal.predecessor?.onTold((told) => void app.takeOn(told));
    terminal.onReload(async () => {
      terminal.notify('RELOADING=1');
      await app.reload();
      terminal.notify('READY=1');
    });
    const successor = handedOver(app, log, terminal);
    terminal.notify('READY=1');
    terminal.predecessor?.ready();
    const next = await Promise.race([fired(terminal.stop), successor]);
    if (next === undefined) {
      terminal.notify('STOPPING=1');
      await app.drain(terminal.stopNow);
    } else {
      await app.leave(() => next.letGo(), terminal.stop, terminal.stopNow);
    }
  } finally {
    await stream.close();
  }
  return 0;
}
