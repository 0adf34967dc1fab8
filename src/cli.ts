#!/usr/bin/env node
/** Arguments, signals, exit codes. The only file that knows process and stdout. */
import { boundYoungGeneration } from './lib/young-generation.js';
import { execFile } from 'node:child_process';
import { parseArgs, promisify } from 'node:util';
import { predecessor, startSuccessor, tellFailure } from './cli/succession.js';
import { check } from './commands/check.js';
import type { ExitStatus, Terminal } from './commands/command.js';
import { demo } from './commands/demo.js';
import { hepListen } from './commands/hep-listen.js';
import { importFile } from './commands/import.js';
import { mi } from './commands/mi.js';
import { run } from './commands/run.js';
import { TOKEN_VARIABLE } from './config/token.js';
import { VERSION } from './control/version.js';
import { type ErrorCode, MsrptapError, messageOf } from './lib/errors.js';
import { inheritedFds } from './lib/inherited-sockets.js';

const USAGE = `msrptap ${VERSION}: a transparent MSRP proxy that mirrors what passes to Homer as HEPv3

  msrptap [run] -f msrptap.yaml    run in the foreground
                                   (SIGTERM, SIGINT: drain and stop; again: stop now; SIGHUP: reload the configuration;
                                   SIGUSR2: a new process takes over)
  msrptap check -f msrptap.yaml    say what is wrong or risky in the configuration, or "ok"
  msrptap demo                     a proxy, an MSRP endpoint and a HEP receiver, to watch
  msrptap mi METHOD [k=v|value …]  one MI call to a running msrptap, as: msrptap mi msrp_trace off; which lists them
                                   (-f FILE: the one that FILE configures; --url URL, --token TOKEN: any;
                                   --ca FILE: the CAs that may have signed the certificate of an https URL;
                                   MSRPTAP_TOKEN in the environment is not seen in ps)
  msrptap import opensips.cfg      print the msrptap.yaml that does what the MSRP lines of an opensips.cfg do
  msrptap hep-listen [udp:HOST:PORT|tcp:HOST:PORT] [--json]
                                   receive HEP and print it, a packet a line (default udp:127.0.0.1:9060)

  -h, --help   -v, --version
  Exit status: 0 done, 1 failed, 2 usage or configuration.
`;

/** Milliseconds. */
const NOTIFY_LIMIT = 5_000;

/** Codes whose cause is what the user wrote. */
const USER_ERRORS: ReadonlySet<ErrorCode> = new Set([
  'usage',
  'config_invalid',
  'config_unreadable',
  'tls_domain_invalid',
  'filter_load_failed',
  'filter_route_missing',
]);

async function main(argv: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  const { values, positionals } = readArguments(argv);
  if (values.help === true) {
    terminal.print(USAGE);
    return 0;
  }
  if (values.version === true) {
    terminal.print(VERSION);
    return 0;
  }
  const [command = 'run', ...rest] = positionals;
  switch (command) {
    case 'run':
      return run(configFile(values.file, rest), terminal);
    case 'check':
      return check(configFile(values.file, rest), terminal);
    case 'demo':
      return demo(terminal);
    case 'mi':
      return mi({ file: values.file, url: values.url, token: values.token, ca: values.ca, words: rest }, terminal);
    case 'import':
      return importFile(rest, terminal);
    case 'hep-listen':
      return hepListen({ where: rest, json: values.json === true }, terminal);
    default:
      throw new MsrptapError('usage', `there is no command "${command}"`);
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        file: { type: 'string', short: 'f' },
        url: { type: 'string' },
        token: { type: 'string' },
        ca: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        version: { type: 'boolean', short: 'v' },
      },
    });
  } catch (error) {
    throw new MsrptapError('usage', messageOf(error), { cause: error });
  }
}

function configFile(file: string | undefined, rest: readonly string[]): string {
  if (file === undefined) throw new MsrptapError('usage', 'a configuration is needed: -f msrptap.yaml');
  if (rest.length > 0) throw new MsrptapError('usage', `too many arguments: ${rest.join(' ')}`);
  return file;
}

/** Taken out of the environment: neither workers nor filter modules have any use for them. */
function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  Reflect.deleteProperty(process.env, name);
  return value;
}

/**
 * How a service manager is told [sd_notify(3)]: on a UNIX datagram socket, which Node.js has not, but systemd-notify(1) has.
 * A message of a child is taken when the unit says NotifyAccess=all.
 */
function notifier(socket: string | undefined, isSuccessor: boolean): Terminal['notify'] {
  if (socket === undefined) return () => {};
  const tell = promisify(execFile);
  let told: Promise<unknown> = Promise.resolve();
  return (state) => {
    const env = { ...process.env, NOTIFY_SOCKET: socket };
    // The one that was started by the service manager is about to end.
    const words = isSuccessor && state === 'READY=1' ? [state, `MAINPID=${process.pid}`] : [state];
    // Of two children at once, the second may be the first to tell.
    told = told
      .then(() => tell('systemd-notify', words, { env, timeout: NOTIFY_LIMIT }))
      .catch((error: unknown) => process.stderr.write(`msrptap: ${state} was not told: ${messageOf(error)}\n`));
  };
}

function realTerminal(): Terminal {
  const stop = new AbortController();
  const stopNow = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => (stop.signal.aborted ? stopNow : stop).abort());
  }
  const secrets = { [TOKEN_VARIABLE]: takeVariable(TOKEN_VARIABLE), NOTIFY_SOCKET: takeVariable('NOTIFY_SOCKET') };
  const activation = {
    LISTEN_PID: takeVariable('LISTEN_PID'),
    LISTEN_FDS: takeVariable('LISTEN_FDS'),
    LISTEN_FDNAMES: takeVariable('LISTEN_FDNAMES'),
    MSRPTAP_PREDECESSOR: takeVariable('MSRPTAP_PREDECESSOR'),
  };
  const isSuccessor = activation.MSRPTAP_PREDECESSOR === String(process.ppid) && process.connected;
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
    token: secrets[TOKEN_VARIABLE],
    inheritedFds: inheritedFds(activation, process),
    predecessor: isSuccessor ? predecessor() : null,
    notify: notifier(secrets.NOTIFY_SOCKET, isSuccessor),
    stop: stop.signal,
    stopNow: stopNow.signal,
    onReload: onSignal('SIGHUP'),
    onHandOver: onSignal('SIGUSR2'),
    startSuccessor: (inheritance) => startSuccessor(inheritance, secrets, stop.signal),
  };
}

/** Without a listener the signal would end the process. @returns adds one that is called on each */
function onSignal(signal: 'SIGHUP' | 'SIGUSR2'): (callback: () => void | Promise<void>) => void {
  const callbacks: (() => void | Promise<void>)[] = [];
  process.on(signal, () => {
    for (const callback of callbacks) void callback();
  });
  return (callback) => callbacks.push(callback);
}

// A reader that leaves (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
});

// Nobody reads what went wrong any more: no reason to stop.
process.stderr.on('error', () => {});

boundYoungGeneration();
const terminal = realTerminal();
try {
  process.exitCode = await main(process.argv.slice(2), terminal);
} catch (error) {
  terminal.complain(`msrptap: ${messageOf(error)}`);
  if (terminal.predecessor !== null) tellFailure(messageOf(error));
  const code = error instanceof MsrptapError ? error.code : null;
  if (code === 'usage') terminal.complain('Try: msrptap --help');
  if (code === null && error instanceof Error) terminal.complain(error.stack ?? '');
  process.exitCode = code !== null && USER_ERRORS.has(code) ? 2 : 1;
}
