/**
 * One file operation at a time for all spools of a process: a disk that hangs takes one thread of Node's pool, and names
 * are still looked up in the others.
 */
export class DiskTurn {
  #last: Promise<unknown> = Promise.resolve();

  run<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
