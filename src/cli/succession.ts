/** One process after another on the same sockets: how a new one is started, and how it speaks to the one before it. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Predecessor, Successor } from '../commands/command.js';
import type { HandedOn, HandedOnTrace, Inheritance } from '../handed-on.js';
import { messageOf, MsrptapError } from '../lib/errors.js';

/** Milliseconds for a start with many workers, on a machine that does a hundred other things. */
const START_LIMIT = 60_000;

/** Milliseconds that a new process may take to be told all. */
const TELL_LIMIT = 5_000;

/** All that a new process says over its channel; that this is closed says that its sockets are its own. */
type Said = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly why: string };

/** The process that started this one to take over. */
export function predecessor(): Predecessor {
  const gone = new Promise<void>((resolve) => process.once('disconnect', resolve));
  const told: HandedOn[] = [];
  let take = (handedOn: HandedOn): void => void told.push(handedOn);
  const first = new Promise<HandedOnTrace>((resolve) => {
    process.once('message', (trace: HandedOnTrace) => {
      resolve(trace);
      process.on('message', (handedOn: HandedOn) => take(handedOn));
    });
  });
  return {
    trace: Promise.race([first, gone.then(() => null)]),
    onTold: (callback) => {
      take = callback;
      for (const handedOn of told.splice(0)) callback(handedOn);
    },
    ready: () => tell({ kind: 'ready' }),
    gone,
  };
}

/** Tells the process before this one why it has to go on. */
export function tellFailure(why: string): void {
  tell({ kind: 'failed', why }, () => process.disconnect?.());
}

function tell(said: Said, told: () => void = () => {}): void {
  // One that has ended needs no message.
  if (process.connected) process.send?.(said, undefined, {}, told);
}

/**
 * Starts the command line of this process again: what stands there and in the configuration by now may be new.
 * @param secrets what this process has taken out of its environment
 * @param stop ends it, should it not be ready by then
 * @throws MsrptapError hand_over_failed
 */
export async function startSuccessor(
  { sockets, trace, correlations }: Inheritance,
  secrets: Readonly<Record<string, string | undefined>>,
  stop: AbortSignal,
): Promise<Successor> {
  const environment = {
    ...process.env,
    ...secrets,
    MSRPTAP_PREDECESSOR: String(process.pid),
    LISTEN_FDS: String(sockets.length),
    LISTEN_FDNAMES: sockets.map(({ name }) => name).join(':'),
  };
  const [script = '', ...words] = process.argv.slice(1);
  const child = spawn(process.execPath, [...process.execArgv, script, ...words], {
    env: environment,
    // The sockets from 3 on, in their order [sd_listen_fds(3)].
    stdio: ['inherit', 'inherit', 'inherit', ...sockets.map(({ fd }) => fd), 'ipc'],
  });
  const before = trace();
  child.send(before, () => {});
  try {
    await readiness(child, AbortSignal.any([stop, AbortSignal.timeout(START_LIMIT)]));
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  child.unref();
  const now = trace();
  // What has been switched there by now stays, unless it was switched here, too.
  if (!isSame(before, now)) child.send(now, () => {});
  return {
    letGo: async () => {
      const gone = new Promise<false>((resolve) => child.once('disconnect', () => resolve(false)));
      const late = setTimeout(() => letGo(child), TELL_LIMIT);
      for (const part of correlations()) {
        if (!(await Promise.race([isTold(child, part), gone]))) break;
      }
      clearTimeout(late);
      letGo(child);
    },
  };
}

function isSame(before: HandedOnTrace, now: HandedOnTrace): boolean {
  return before.on === now.on && targetsOf(before) === targetsOf(now);
}

function targetsOf({ spots }: HandedOnTrace): string {
  return spots.map(({ target }) => target).join(' ');
}

/** Whether there is somebody to be told more. */
function isTold(child: ChildProcess, handedOn: HandedOn): Promise<boolean> {
  return new Promise((resolve) => {
    if (child.connected) child.send(handedOn, (error) => resolve(error === null));
    else resolve(false);
  });
}

function letGo(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}

/** @throws MsrptapError hand_over_failed, also when `giveUp` fires before */
function readiness(child: ChildProcess, giveUp: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new MsrptapError('hand_over_failed', why));
    child.on('message', (said: Said) => (said.kind === 'ready' ? resolve() : fail(said.why)));
    child.on('error', (error) => fail(messageOf(error)));
    child.once('exit', (code, signal) => fail(`the new process ended (${signal ?? `exit status ${code}`})`));
    const late = (): void => fail(`the new process is not ready within ${START_LIMIT} ms, or not wanted any more`);
    if (giveUp.aborted) late();
    else giveUp.addEventListener('abort', late, { once: true });
  });
}
