/** Closed loop: each link has `window` SENDs outstanding while a run lasts. */
import { Links } from './links.mjs';

/** @import { Link } from './links.mjs' */
/** @import { Traffic, Work } from './messages.mjs' */

export class Client {
  #links = new Links();
  /** SENDs of the present run that are not yet sent. */
  #due = 0;
  /** Exchanges of the present run that are not yet complete. */
  #open = 0;
  #onDone = () => {};
  #work;
  #onError;

  /** @param {Work} work @param {(error: Error) => void} onError of a link: bytes that are not the bench's, an end before `close` */
  constructor(work, onError) {
    this.#work = work;
    this.#onError = onError;
  }

  /**
   * @param {number} port on 127.0.0.1
   * @param {(link: number, localPort: number) => Traffic} trafficOf
   */
  async connect(port, trafficOf) {
    const onResponses = (/** @type {Link} */ link, /** @type {number} */ count) => this.#answered(link, count);
    await this.#links.open(this.#work, port, trafficOf, onResponses, this.#onError);
  }

  /** Resolves when all responses have arrived. @param {number} exchanges over all links */
  async run(exchanges) {
    this.#due = exchanges;
    this.#open = exchanges;
    /** @type {Promise<void>} */
    const done = new Promise((resolve) => (this.#onDone = resolve));
    for (const link of this.#links.all) this.#send(link, this.#work.window);
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
