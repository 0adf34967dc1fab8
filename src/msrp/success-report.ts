import { isHeaderAt } from './header-name.js';
import { valueBehind } from './header-value.js';

const NAME = 'success-report';

/** Whether a value asks for a REPORT of the arrival. Without the header it is `no` [RFC 4975 §7.1.1]. */
export function successReportOf(value: string | undefined): boolean {
  return value?.length === 'yes'.length && value.toLowerCase() === 'yes';
}

/** Whether the header stands at `line`. */
export function isSuccessReportAt(octets: Buffer, line: number): boolean {
  return isHeaderAt(octets, line, NAME);
}

/** What it says that stands at `line`. */
export function successReportAt(octets: Buffer, line: number): boolean {
  return successReportOf(valueBehind(octets, line + NAME.length));
}
