/** Long lists a page at a time, in the order in which their rows came to be. */

/** What tells rows apart and puts them in order. */
export interface Key {
  readonly id: string;
  /** Microseconds since 1970. */
  readonly openedAt: number;
}

export interface PageRequest {
  /** At most so many rows. */
  readonly count: number;
  /** Those that come after this mark of the page before; null: from the oldest one on. */
  readonly after: string | null;
}

export interface Page<Row> {
  /** The oldest first. */
  readonly rows: readonly Row[];
  /** Rows there are, on this page and on others. */
  readonly total: number;
  /** Whether more come after the last row. */
  readonly hasMore: boolean;
}

/**
 * @param all in any order
 * @param rowOf makes the rows of the page, and of it alone
 */
export function pageOf<Entry extends Key, Row>(
  all: readonly Entry[],
  { count, after }: PageRequest,
  rowOf: (entry: Entry) => Row,
): Page<Row> {
  const mark = after === null ? null : readMark(after);
  const rest = all.filter((entry) => mark === null || compare(entry, mark) > 0).toSorted(compare);
  return { rows: rest.slice(0, count).map(rowOf), total: all.length, hasMore: rest.length > count };
}

/** The pages of several workers as one. */
export function joinPages<Row>(
  pages: readonly Page<Row>[],
  { count }: PageRequest,
  keyOf: (row: Row) => Key,
): Page<Row> {
  const rows = pages.flatMap((page) => page.rows).toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  return {
    rows: rows.slice(0, count),
    total: pages.reduce((sum, { total }) => sum + total, 0),
    hasMore: rows.length > count || pages.some(({ hasMore }) => hasMore),
  };
}

const MARK = /^(?<openedAt>\d{1,16})-(?<id>[\w-]{1,64})$/;

/** Where the page after this row begins: rows that come and go meanwhile do not shift it. */
export function markOf({ openedAt, id }: Key): string {
  return `${openedAt}-${id}`;
}

export function isMark(text: string): boolean {
  return MARK.test(text);
}

function readMark(text: string): Key | null {
  const { openedAt, id } = MARK.exec(text)?.groups ?? {};
  return openedAt === undefined || id === undefined ? null : { openedAt: Number(openedAt), id };
}

function compare(a: Key, b: Key): number {
  if (a.openedAt !== b.openedAt) return a.openedAt - b.openedAt;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
