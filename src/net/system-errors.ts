import type { Reason } from '../lib/reasons.js';

/** Why a socket could not be made, where it is for what the system has run out of; null: it is for something else. */
export function reasonOfSystemError({ code }: NodeJS.ErrnoException): Reason | null {
  switch (code) {
    // Of the process, and of the whole system.
    case 'EMFILE':
    case 'ENFILE':
      return 'open_files';
    case 'EADDRNOTAVAIL':
      return 'local_ports';
    default:
      return null;
  }
}
