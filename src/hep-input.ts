/** hep_input: takes the copy of SIP that SIP servers can send to a second destination, and learns from it which call a session is of. */
import { decodeHep } from './hep/decode.js';
import { receiveHep, type HepListener, type Receiver } from './hep/listen.js';
import type { HepInputConfig } from './config.js';
import { formatEndpoint, isLoopback, type Endpoint } from './lib/address.js';
import { Allowance } from './lib/allowance.js';
import { inRanges } from './lib/cidr.js';
import { messageOf, MsrptapError } from './lib/errors.js';
import type { InheritedSockets } from './lib/inherited-sockets.js';
import type { OpenSocket } from './lib/socket-fd.js';
import type { Log } from './lib/log.js';
import { RateLimitedLog } from './lib/rate-limited-log.js';
import { secretCheck } from './lib/secret.js';
import { readCall } from './sip/call.js';

/**
 * What became of packets: `learnt` (SIP with the path of an MSRP session), `passed` (anything else that is HEP), `refused`
 * (from elsewhere, or without the auth key), `malformed` (neither HEP nor SIP), `dropped` (too many).
 */
type InputResult = 'learnt' | 'passed' | 'refused' | 'malformed' | 'dropped';
export type InputCounts = Readonly<Record<InputResult, number>>;

/** What there is to tell when it is off, too. */
export const NO_INPUT: InputCounts = { learnt: 0, passed: 0, refused: 0, malformed: 0, dropped: 0 };

/** HEP's protocol type of SIP. */
const SIP = 1;

/**
 * What is read in a second, in octets, with so many more for each packet: some 4,000 messages of SIP, which take a few per cent
 * of a processor. What comes beyond that is dropped, as the traffic goes first.
 */
const OCTETS_PER_SECOND = 8 * 1_024 * 1_024;
const OCTETS_OF_A_PACKET = 1_024;

export class HepInput implements Receiver {
  readonly #options: HepInputConfig;
  readonly #learn: (session: string, call: string) => void;
  readonly #limited: RateLimitedLog;
  readonly #isSender: (ip: string) => boolean;
  readonly #isKey: (given: string) => boolean;
  readonly #allowance = new Allowance(OCTETS_PER_SECOND);
  readonly #counts: Record<InputResult, number> = { ...NO_INPUT };
  #listener: HepListener | null = null;

  constructor(options: HepInputConfig, learn: (session: string, call: string) => void, log: Log) {
    const { from, auth_key } = options;
    this.#options = options;
    this.#learn = learn;
    this.#limited = new RateLimitedLog(log);
    this.#isSender = from === null ? isLoopback : inRanges(from);
    this.#isKey = auth_key === null ? () => true : secretCheck(auth_key);
  }

  /** Packets since the start. */
  get counts(): InputCounts {
    return { ...this.#counts };
  }

  /**
   * @returns where it listens
   * @throws MsrptapError listen_failed
   */
  async listen(inherited?: InheritedSockets): Promise<Endpoint> {
    const { transport, ip, port } = this.#options;
    try {
      this.#listener = await receiveHep({ transport, host: ip, port }, this, inherited);
    } catch (error) {
      throw new MsrptapError('listen_failed', `hep_input: cannot bind ${messageOf(error)}`, { cause: error });
    }
    return this.#listener.address;
  }

  /** For a process that takes it over. */
  get open(): readonly OpenSocket[] {
    return this.#listener?.open ?? [];
  }

  async close(): Promise<void> {
    await this.#listener?.close();
    this.#listener = null;
    this.#limited.flush();
  }

  accepts({ ip }: Endpoint): boolean {
    const isSender = this.#isSender(ip);
    if (!isSender) this.#counts.refused += 1;
    return isSender;
  }

  receive(packet: Buffer): void {
    this.#counts[this.#resultOf(packet)] += 1;
  }

  failed(error: unknown, from: Endpoint): void {
    // Anything else is a connection that broke.
    if (error instanceof MsrptapError) this.#counts.malformed += 1;
    this.#limited.write('warn', 'hep_input cannot read what it was sent', {
      from: formatEndpoint(from),
      error: messageOf(error),
    });
  }

  /** @throws MsrptapError hep_malformed, sip_malformed */
  #resultOf(packet: Buffer): InputResult {
    if (!this.#allowance.spend(packet.length + OCTETS_OF_A_PACKET)) return 'dropped';
    const { payloadType, payload, authKey = '' } = decodeHep(packet);
    if (!this.#isKey(authKey)) return 'refused';
    const call = payloadType === SIP ? readCall(payload) : null;
    if (call === null) return 'passed';
    for (const session of call.sessions) this.#learn(session, call.callId);
    return 'learnt';
  }
}
