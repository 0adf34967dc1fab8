import type { PathsToken } from '../msrp/repeated-paths.js';

/** Requests and responses, either way: as many repeat their paths at the same time on a link. */
const MAX_RECENT = 4;

interface Recent {
  readonly paths: PathsToken;
  readonly id: string;
  older: Recent | null;
}

/**
 * The correlation ids of the paths that messages repeat just now, known without reading the paths. Chained, for most
 * links have two of them, and every link holds them.
 */
export class RecentPaths {
  #newest: Recent | null = null;

  get(paths: PathsToken): string | undefined {
    for (let recent = this.#newest; recent !== null; recent = recent.older)
      if (recent.paths === paths) return recent.id;
    return undefined;
  }

  set(paths: PathsToken, id: string): void {
    this.#newest = { paths, id, older: this.#newest };
    let last = this.#newest;
    for (let count = 1; count < MAX_RECENT && last.older !== null; count += 1) last = last.older;
    last.older = null;
  }
}
