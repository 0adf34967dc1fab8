import type { LinkFacts } from '../events.js';
import { Room } from '../lib/room.js';
import { Transactions, type Owners, type TransactionWitness, type Visit } from './transactions.js';

/** The transaction layers of all links: one for each timeout that there was, as links keep theirs when a reload changes it. */
export class TransactionsByTimeout<Owner> {
  readonly #room: Room;
  readonly #witness: TransactionWitness;
  readonly #ownersOn: (link: LinkFacts) => Owners<Owner> | null;
  readonly #layers = new Map<number, Transactions<Owner>>();

  /** @param most how many may be watched now, in all of them; the others as of {@link Transactions} */
  constructor(most: () => number, witness: TransactionWitness, ownersOn: (link: LinkFacts) => Owners<Owner> | null) {
    this.#room = new Room(most);
    this.#witness = witness;
    this.#ownersOn = ownersOn;
  }

  /** @param timeout milliseconds; 0: responses are not waited for */
  of(timeout: number): Transactions<Owner> | null {
    if (timeout === 0) return null;
    const known = this.#layers.get(timeout);
    if (known !== undefined) return known;
    const layer = new Transactions(timeout, this.#room, this.#witness, this.#ownersOn);
    this.#layers.set(timeout, layer);
    return layer;
  }

  /** How many are watched at this moment. */
  get open(): number {
    return this.#room.used;
  }

  /** Tells of all that wait for their responses at this moment and belong to something. */
  visit(visit: Visit<Owner>): void {
    for (const layer of this.#layers.values()) layer.visit(visit);
  }
}
