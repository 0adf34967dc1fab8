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
  readonly #onError: (thrown: unknown) => void;
  #observers: readonly Observer[];
  #layers: readonly Layer[];

  constructor(observers: readonly Observer[], onError: (thrown: unknown) => void, layers: readonly Layer[] = []) {
    this.#observers = observers;
    this.#onError = onError;
    this.#layers = layers;
  }

  /** Others, of the links to come: of each link all is told to those who were there when it began. */
  use(observers: readonly Observer[], layers: readonly Layer[]): void {
    this.#observers = observers;
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

  // The hot one: written out, so that a read costs no closure. And so that it costs no look-up: where observers of many
  // kinds are told in one place of the code, the engine has to look each of them up. They are in the same order on all
  // links, so that each of the first ones has a place for its kind.
  read(read: Read): void {
    const observers = this.#observers;
    for (let i = 0; i < observers.length; i++) {
      const observer = observers[i]!;
      try {
        switch (i) {
          case 0:
            observer.read(read);
            break;
          case 1:
            observer.read(read);
            break;
          case 2:
            observer.read(read);
            break;
          case 3:
            observer.read(read);
            break;
          case 4:
            observer.read(read);
            break;
          default:
            observer.read(read);
        }
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
