import type {
  ConnectionFacts,
  Ending,
  FailedAttempt,
  Layer,
  LinkFacts,
  LinkObserver,
  Observer,
  Read,
  TimedOutTransaction,
} from '../events.js';

/**
 * The one door to everybody who observes. What an observer throws ends here: forwarding goes on, the others are still
 * told, and the error is counted and handed to `onError`.
 */
export class Observers implements Observer {
  readonly #observers: readonly Observer[];
  readonly #onError: (thrown: unknown) => void;
  readonly #layers: readonly Layer[];

  constructor(observers: readonly Observer[], onError: (thrown: unknown) => void, layers: readonly Layer[] = []) {
    this.#observers = observers;
    this.#onError = onError;
    this.#layers = layers;
  }

  link(link: LinkFacts): LinkObserver {
    const each: LinkObserver[] = [];
    const everybody = new LinkObservers(each, this.#onError);
    for (const observer of this.#observers) {
      try {
        each.push(observer.link(link));
      } catch (thrown) {
        this.#onError(thrown);
      }
    }
    for (const layer of this.#layers) each.push(layer.over(everybody, link));
    return everybody;
  }

  acceptFailed(attempt: FailedAttempt): void {
    for (const observer of this.#observers) {
      try {
        observer.acceptFailed(attempt);
      } catch (thrown) {
        this.#onError(thrown);
      }
    }
  }
}

class LinkObservers implements LinkObserver {
  readonly #observers: readonly LinkObserver[];
  readonly #onError: (thrown: unknown) => void;

  constructor(observers: readonly LinkObserver[], onError: (thrown: unknown) => void) {
    this.#observers = observers;
    this.#onError = onError;
  }

  connected(upstream: ConnectionFacts): void {
    this.#tell((observer) => observer.connected(upstream));
  }

  connectFailed(attempt: FailedAttempt): void {
    this.#tell((observer) => observer.connectFailed(attempt));
  }

  // The hot one: written out, so that a read costs no closure.
  read(read: Read): void {
    for (const observer of this.#observers) {
      try {
        observer.read(read);
      } catch (thrown) {
        this.#onError(thrown);
      }
    }
  }

  transactionTimedOut(transaction: TimedOutTransaction): void {
    this.#tell((observer) => observer.transactionTimedOut(transaction));
  }

  closed(connection: ConnectionFacts, ending: Ending): void {
    this.#tell((observer) => observer.closed(connection, ending));
  }

  ended(): void {
    this.#tell((observer) => observer.ended());
  }

  #tell(tell: (observer: LinkObserver) => void): void {
    for (const observer of this.#observers) {
      try {
        tell(observer);
      } catch (thrown) {
        this.#onError(thrown);
      }
    }
  }
}
