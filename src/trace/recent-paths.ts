import type { PathsToken } from '../msrp/repeated-paths.js';

/** Requests and responses, either way: as many repeat their paths at the same time on a link. */
const MAX_RECENT = 4;

/** The correlation ids of the paths that messages repeat just now, known without reading the paths. */
export class RecentPaths {
  readonly #paths: PathsToken[] = [];
  readonly #ids: string[] = [];
  #oldest = 0;

  get(paths: PathsToken): string | undefined {
    for (let i = 0; i < this.#paths.length; i++) if (this.#paths[i] === paths) return this.#ids[i];
    return undefined;
  }

  set(paths: PathsToken, id: string): void {
    this.#paths[this.#oldest] = paths;
    this.#ids[this.#oldest] = id;
    this.#oldest = (this.#oldest + 1) % MAX_RECENT;
  }
}
