/** Sessions as they are told to the control process and by MI, a page at a time. */
import type { SessionRow } from '../sessions/session-row.js';
import { joinPages, type Page, type PageRequest } from './pages.js';

export type SessionPage = Page<SessionRow>;

/** The pages of several workers as one. */
export function joinSessionPages(pages: readonly SessionPage[], request: PageRequest): SessionPage {
  return joinPages(pages, request, (row) => row);
}
