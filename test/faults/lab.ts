/**
 * A network of its own for a msrptap: network and mount namespaces that live as long as a process of the test, and wires
 * (veth pairs) from there to here, one for each party, that can be cut, narrowed and slowed down.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';

const run = promisify(execFile);

/** Who is at the outer end. Nothing is ever done to `control`, by which tests ask msrptap how it is. */
export const PARTIES = ['client', 'next hop', 'hep', 'control'] as const;
export type Party = (typeof PARTIES)[number];

/** As seen from msrptap. */
export type Way = 'in' | 'out';

interface Wire {
  /** Addresses of its ends: here, and where msrptap is. */
  readonly here: string;
  readonly there: string;
  /** And its interfaces. */
  readonly hereDevice: string;
  readonly thereDevice: string;
}

/** Of iproute2 and nftables. */
const PROGRAMS = ['ip', 'tc', 'nft'];

/** Frames to it arrive nowhere. */
const NOBODY = '02:00:00:00:00:01';

/** Addresses for tests of networks [RFC 2544, appendix C.2.2]. */
const NETWORK = '198.18';

export class Lab {
  readonly wires: Readonly<Record<Party, Wire>>;
  /** What runs a command in there, in its own place. */
  readonly through: readonly string[];

  private constructor(holder: ChildProcess, wires: Readonly<Record<Party, Wire>>) {
    this.wires = wires;
    this.through = enter(holder);
  }

  /**
   * Where namespaces cannot be made the test is left out, and fails in CI.
   * @throws what the kernel, or a missing program, says
   */
  static async open(context: TestContext): Promise<Lab> {
    const holder = spawn(
      'unshare',
      ['--net', '--mount', 'sh', '-c', 'mount --make-rprivate / && echo made && exec cat'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    const gone = once(holder, 'exit').catch(String);
    onTestFinished(async () => {
      // And with it the namespaces and their wires, once msrptap has ended too.
      holder.kill('SIGKILL');
      await gone;
    });
    const made = await Promise.race([once(holder.stdout, 'data').then(() => true), gone.then(() => false)]);
    if (!made) leaveOut(context, 'network namespaces cannot be made here: it needs root (CAP_SYS_ADMIN)');
    for (const program of PROGRAMS) {
      await run('sh', ['-c', 'command -v "$0"', program]).catch(() =>
        leaveOut(context, `there is no ${program} on PATH`),
      );
    }
    const wires = wiresIn(freeNetwork());
    const lab = new Lab(holder, wires);
    await lab.run('ip', 'link', 'set', 'lo', 'up');
    for (const wire of Object.values(wires)) await lab.#lay(wire, holder.pid);
    return lab;
  }

  /** Runs a command in there; what it prints. @throws what it says when it fails */
  async run(...command: readonly string[]): Promise<string> {
    const [program = '', ...words] = [...this.through, ...command];
    return (await run(program, words)).stdout;
  }

  /** Packets go nowhere, and nobody is told. */
  async cut(party: Party, ...ways: readonly Way[]): Promise<void> {
    const { here, there, hereDevice, thereDevice } = this.wires[party];
    if (ways.includes('in')) await run('ip', neighbour('replace', there, hereDevice));
    if (ways.includes('out')) await this.run('ip', ...neighbour('replace', here, thereDevice));
  }

  async mend(party: Party): Promise<void> {
    const { here, there, hereDevice, thereDevice } = this.wires[party];
    await run('ip', ['neighbour', 'flush', 'to', there, 'dev', hereDevice, 'nud', 'all']);
    await this.run('ip', 'neighbour', 'flush', 'to', here, 'dev', thereDevice, 'nud', 'all');
  }

  /** Its interface there goes down, or up again: unlike a cut, the kernel there knows of it. */
  async link(party: Party, state: 'up' | 'down'): Promise<void> {
    await this.run('ip', 'link', 'set', this.wires[party].thereDevice, state);
  }

  /** So many octets in a packet, and no more. */
  async mtu(party: Party, octets: number): Promise<void> {
    const { hereDevice, thereDevice } = this.wires[party];
    await run('ip', ['link', 'set', hereDevice, 'mtu', String(octets)]);
    await this.run('ip', 'link', 'set', thereDevice, 'mtu', String(octets));
  }

  /** A queueing discipline at both ends. @throws when the kernel does not have it */
  async shape(party: Party, ...discipline: readonly string[]): Promise<void> {
    const { hereDevice, thereDevice } = this.wires[party];
    await run('tc', ['qdisc', 'replace', 'dev', hereDevice, 'root', ...discipline]);
    await this.run('tc', 'qdisc', 'replace', 'dev', thereDevice, 'root', ...discipline);
  }

  /** Of what comes from there, and of the acknowledgements of what goes there, one packet in so many is lost. */
  async lose(party: Party, oneIn: number): Promise<void> {
    const { thereDevice } = this.wires[party];
    const chain = `add chain ip faults ${thereDevice} { type filter hook input priority 0; }`;
    const rule = `add rule ip faults ${thereDevice} iifname ${thereDevice} numgen random mod ${oneIn} 0 drop`;
    await this.run('nft', `add table ip faults; ${chain}; ${rule}`);
  }

  async #lay({ here, there, hereDevice, thereDevice }: Wire, pid: number | undefined): Promise<void> {
    const peer = ['peer', 'name', thereDevice, 'netns', String(pid)];
    await run('ip', ['link', 'add', hereDevice, 'type', 'veth', ...peer]);
    await run('ip', ['address', 'add', `${here}/30`, 'dev', hereDevice]);
    await run('ip', ['link', 'set', hereDevice, 'up']);
    await this.run('ip', 'address', 'add', `${there}/30`, 'dev', thereDevice);
    await this.run('ip', 'link', 'set', thereDevice, 'up');
  }
}

/** @throws in CI, where nothing may be left out */
export function leaveOut({ skip }: TestContext, why: string): never {
  if (process.env['CI'] === 'true') throw new Error(why);
  console.warn(`LEFT OUT: ${why}`);
  return skip(why);
}

function enter(holder: ChildProcess): readonly string[] {
  return ['nsenter', '--target', String(holder.pid), '--net', '--mount', '--'];
}

function neighbour(verb: string, address: string, device: string): string[] {
  return ['neighbour', verb, address, 'lladdr', NOBODY, 'nud', 'permanent', 'dev', device];
}

function wiresIn(network: number): Record<Party, Wire> {
  const wire = (name: string, index: number): Wire => ({
    here: `${NETWORK}.${network}.${index * 4 + 1}`,
    there: `${NETWORK}.${network}.${index * 4 + 2}`,
    hereDevice: `msrptap-${network}-${index}`,
    thereDevice: name,
  });
  return {
    client: wire('client', 0),
    'next hop': wire('next-hop', 1),
    hep: wire('hep', 2),
    control: wire('control', 3),
  };
}

/** Networks for each process that tests run in at the same time: none lays the wires that another one is laying. */
const SHARE = 32;

/** One that no test uses that runs on this machine at the same time. */
function freeNetwork(): number {
  const used = Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
  const isFree = (network: number): boolean => !used.some((address) => address.startsWith(`${NETWORK}.${network}.`));
  const from = ((Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) * SHARE) % 256;
  const first = randomInt(SHARE);
  const share = Array.from({ length: SHARE }, (_, index) => from + ((first + index) % SHARE));
  const free = share.find(isFree);
  if (free === undefined) throw new Error(`${NETWORK}.${from}.0/19 is full`);
  return free;
}
