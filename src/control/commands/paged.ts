import { invalidParams, ok, textOf, wholeNumber, type MiResponse, type Recipe } from '../mi-command.js';
import { isMark, markOf, type Key, type Page, type PageRequest } from '../pages.js';
import { missingWorkers, type Heard } from './control.js';

/** Rows on a page that names no count, and the most that one may name. */
const PAGE = 50;
const LARGEST_PAGE = 1_000;

/**
 * The ways to ask for a list that may be long: from its beginning, as many as are asked for, and behind a page before.
 * @param tell the reply, but for what all pages have
 */
export function pagedRecipes<Row>(
  list: (page: PageRequest) => Promise<Heard<Page<Row>>>,
  keyOf: (row: Row) => Key,
  tell: (rows: readonly Row[]) => Readonly<Record<string, unknown>>,
): readonly Recipe[] {
  const page = async (count: unknown, after: string | null): Promise<MiResponse> => {
    const size = wholeNumber(count);
    if (size === null || size < 1 || size > LARGEST_PAGE) {
      return invalidParams(`count should be a whole number from 1 to ${LARGEST_PAGE}`);
    }
    const { told, missing } = await list({ count: size, after });
    const last = told.rows.at(-1);
    return ok({
      ...tell(told.rows),
      Total: told.total,
      ...(told.hasMore && last !== undefined ? { After: markOf(keyOf(last)) } : {}),
      ...missingWorkers(missing),
    });
  };
  return [
    { params: [], run: () => page(PAGE, null) },
    { params: ['count'], run: (count) => page(count, null) },
    {
      params: ['count', 'after'],
      run: (count, after) => {
        const mark = textOf(after);
        if (mark === null || !isMark(mark)) return invalidParams('after should be the After of the page before');
        return page(count, mark);
      },
    },
  ];
}
