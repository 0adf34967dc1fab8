import { pino, type Logger, type DestinationStream } from 'pino';

export type Log = Logger;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** All logs that came of one, each with its family. Weak: most live as long as the process, some as long as what they are of. */
const families = new WeakMap<Log, Set<WeakRef<Log>>>();

/** JSON lines, with the level by name and the time as ISO 8601, written to `stream`. */
export function createLog(level: LogLevel, stream: DestinationStream): Log {
  const family = new Set<WeakRef<Log>>();
  const join = (log: Log): void => {
    families.set(log, family);
    family.add(new WeakRef(log));
  };
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      onChild: join,
    },
    stream,
  );
  join(log);
  return log;
}

/** Of a log of createLog(), and of all that came of the same one: pino would leave its children as they are. */
export function setLogLevel(log: Log, level: LogLevel): void {
  const family = families.get(log);
  if (family === undefined) return;
  for (const member of family) {
    const living = member.deref();
    if (living === undefined) family.delete(member);
    else living.level = level;
  }
}

/** A log for tests and for callers that want none. */
export const silentLog: Log = pino({ level: 'silent' });
