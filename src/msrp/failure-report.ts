import { isHeaderAt } from './header-name.js';
import { valueBehind } from './header-value.js';

/**
 * Which responses the sender of a request wants: all of them, those that tell of a failure, or none. Without the header
 * it is `yes` [RFC 4975 §7.1.1].
 */
export type FailureReport = 'yes' | 'partial' | 'no';

const NAME = 'failure-report';

/** What a value says, whatever its case; nothing that stands in the grammar: `yes`. */
export function failureReportOf(value: string | undefined): FailureReport {
  if (value === undefined || value.length > 'partial'.length) return 'yes';
  const report = value.toLowerCase();
  return report === 'no' || report === 'partial' ? report : 'yes';
}

/** Whether the header stands at `line`. */
export function isFailureReportAt(octets: Buffer, line: number): boolean {
  return isHeaderAt(octets, line, NAME);
}

/** What it says that stands at `line`. */
export function failureReportAt(octets: Buffer, line: number): FailureReport {
  return failureReportOf(valueBehind(octets, line + NAME.length));
}
