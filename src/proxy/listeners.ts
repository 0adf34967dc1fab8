import type { Endpoint } from '../lib/address.js';
import { allOf } from '../lib/all-of.js';
import type { InheritedSockets } from '../lib/inherited-sockets.js';
import type { Prepared } from '../lib/prepared.js';
import type { OpenSocket } from '../lib/socket-fd.js';
import type { Listener } from '../net/listener.js';
import type { ServerTls } from '../net/server-tls.js';

/** By their keys (listenerKeys), in the order of the configuration. */
export type ListenerMap = ReadonlyMap<string, Listener>;

/** The listeners of the configuration, and those before a reload for as long as something comes of them. */
export class Listeners {
  #inForce: ListenerMap;
  /** Those before the last reload, and older ones with handshakes under way. */
  #former: readonly (readonly [key: string, listener: Listener])[] = [];
  /** Not where the control process accepts. */
  #isListening = false;

  constructor(inForce: ListenerMap) {
    this.#inForce = inForce;
  }

  /** Where they listen. */
  get addresses(): readonly Endpoint[] {
    return Array.from(this.#inForce.values(), ({ address }) => address);
  }

  /** Handshakes and PROXY protocol headers under way. */
  get handshakes(): number {
    let sum = 0;
    for (const { handshakes } of this.#inForce.values()) sum += handshakes;
    for (const [, { handshakes }] of this.#former) sum += handshakes;
    return sum;
  }

  /** For a process that takes them over. */
  get open(): readonly OpenSocket[] {
    return [...this.#inForce.values()].flatMap((listener) => listener.open);
  }

  /** The one with that key, which a reload may just have removed. */
  with(key: string): Listener | undefined {
    return this.#inForce.get(key) ?? this.#former.findLast(([former]) => former === key)?.[1];
  }

  /**
   * Binds all, or none.
   * @throws MsrptapError listen_failed
   */
  async listen(inherited?: InheritedSockets): Promise<readonly Endpoint[]> {
    try {
      await allOf([...this.#inForce.values()].map((listener) => listener.listen(inherited)));
    } catch (error) {
      this.close();
      throw error;
    }
    this.#isListening = true;
    return this.addresses;
  }

  /**
   * Others in their place. Where one was before, its port stays open. Binds new ones at once, if these listen at all; what
   * connects there waits.
   * @throws MsrptapError listen_failed; nothing is bound then that was not before
   */
  async prepare(next: ListenerMap): Promise<Prepared> {
    const added = [...next].flatMap(([key, listener]) => (this.#inForce.has(key) ? [] : [listener]));
    const discard = (): void => {
      for (const listener of added) listener.close();
    };
    try {
      if (this.#isListening) await allOf(added.map((listener) => listener.bind()));
    } catch (error) {
      discard();
      throw error;
    }
    return { use: () => this.#use(next), discard };
  }

  /** New certificates for the handshakes to come. */
  useTls(tls: ServerTls): void {
    for (const listener of this.#inForce.values()) if (listener.proto === 'msrps') listener.useTls(tls);
  }

  /** Accept nothing any more; handshakes under way go on. */
  letGo(): void {
    for (const listener of this.#inForce.values()) listener.stopAccepting();
  }

  /** Accept nothing any more, and give up handshakes under way. */
  close(): void {
    for (const listener of this.#inForce.values()) listener.close();
    for (const [, listener] of this.#former) listener.close();
  }

  #use(next: ListenerMap): void {
    const before = this.#inForce;
    this.#former = [...this.#former.filter(([, { handshakes }]) => handshakes > 0), ...before];
    this.#inForce = next;
    for (const [key, listener] of next) {
      const predecessor = before.get(key);
      if (predecessor === undefined) listener.letIn();
      else listener.succeed(predecessor);
    }
    for (const [key, listener] of before) if (!next.has(key)) listener.stopAccepting();
  }
}
