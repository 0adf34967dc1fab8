import type { FailureReport } from './failure-report.js';

/** What the sender of a request wants to hear of it [RFC 4975 §7.1.1]. */
export interface Reports {
  readonly failure: FailureReport;
  /** A REPORT when it has arrived. */
  readonly success: boolean;
}

/** Of a request that says nothing of them. */
export const DEFAULT_REPORTS: Reports = { failure: 'yes', success: false };
