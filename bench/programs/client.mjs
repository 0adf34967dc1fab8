/** Closed loop: each link has `window` SENDs outstanding while a run lasts. */
import { Links } from './links.mjs';

/** @import { Link } from './links.mjs' */
/** @import { Traffic, Work } from './messages.mjs' */

export class Client {
  #links;
  /** SENDs of the present run that are not yet sent. */
  #due = 0;
  /** Exchanges of the present run that are not yet complete. */
  #open = 0;
  #onDone = () => {};
  #window;

  /** @param {Work} work @param {(error: Error) => void} onError of a link: bytes that are not the bench's, an end before `close` */
  constructor(work, onError) {
    this.#window = work.window;
    this.#links = new Links(work, (link, count) => this.#answered(link, count), onError);
  }

  /**
   * @param {number} port on 127.0.0.1
   * @param {(link: number, localPort: number) => Traffic} trafficOf
   */
  connect(port, trafficOf) {
    return this.#links.open(port, trafficOf);
  }

  /** Resolves when all responses have arrived. @param {number} exchanges over all links */
  async run(exchanges) {
    this.#due = exchanges;
    this.#open = exchanges;
    /** @type {Promise<void>} */
    const done = new Promise((resolve) => (this.#onDone = resolve));
    for (const link of this.#links.all) this.#send(link, this.#window);
    await done;
  }

  /** Resolves when every connection has ended, the proxy's FIN included. */
  close() {
    return this.#links.close();
  }

  /** @param {Link} link @param {number} count */
  #answered(link, count) {
    this.#open -= count;
    this.#send(link, count);
    if (this.#open === 0) this.#onDone();
  }

  /** @param {Link} link @param {number} room SENDs that the window has room for */
  #send(link, room) {
    const count = Math.min(room, this.#due);
    this.#due -= count;
    link.outgoing.send(count);
  }
}
