/**
 * Every error of this project is a MsrptapError with a code of this table. Codes are stable: scripts and dashboards
 * match on them, so one is added, never renamed.
 */
export const ERRORS = {
  config_invalid: 'the configuration cannot be used',
  config_unreadable: 'the configuration file cannot be read',
  usage: 'the command line is wrong',
  listen_failed: 'a socket cannot be bound',
  tls_domain_invalid: 'a certificate, key or CA file cannot be used',
  filter_load_failed: 'a filter module does not load',
  filter_route_missing: 'a filter module exports no route function',
  hep_packet_too_large: 'a HEP packet would be over 65507 bytes',
  hep_malformed: 'what arrived is not HEPv3',
  sip_malformed: 'a SIP message with an MSRP path cannot be read',
  hep_address_invalid: 'an address of a HEP packet is not an IP address',
  spool_in_use: 'another process uses a folder of the HEP spool',
  spool_unsafe: 'other users can change what is in the folder of the HEP spool',
  hep_template_invalid: 'hep-js made a packet without the expected parts',
  mi_reply_failed: 'an MI reply cannot be written to its FIFO',
  mi_unreachable: 'no msrptap answers at the MI address',
  mi_failed: 'the MI call was answered with an error',
  worker_failed: 'a worker process does not start, or does not answer',
  workers_differ: 'a change was taken back, because not every worker made it',
  reload_refused: 'a reload would change what only a restart can, or comes too late',
  hand_over_failed: 'a process that was to take over does not get ready',
  reload_failed: 'a reload failed for a reason that nobody thought of',
  demo_failed: 'the conversation of the demo did not come to its end',
  transaction_id_unusable: 'an MSRP transaction-id is not an ident, or its end-line stands in the body',
} as const;

export type ErrorCode = keyof typeof ERRORS;

export class MsrptapError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MsrptapError';
    this.code = code;
  }
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
