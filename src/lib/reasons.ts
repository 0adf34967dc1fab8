/**
 * Why a connection was refused, not established or ended: `Reason` in traced events, `reason` in metrics and logs.
 * Stable, and a closed set: nothing a peer sends can add to it.
 */
export const REASONS = {
  // accept
  max_connections: 'limits.max_connections is reached',
  tls_handshake_timeout: 'TLS handshake not completed within tls_handshake_timeout',
  tls_handshake_failed: 'TLS handshake failed',
  tls_certificate_required: 'no client certificate was presented (require_cert 1)',
  tls_certificate_invalid: 'the certificate of the peer did not pass verification (verify_cert 1)',
  // dial
  connect_refused: 'connection refused',
  connect_timeout: 'no connection within connect_timeout',
  connect_unreachable: 'network or host unreachable',
  connect_failed: 'connection not established',
  dns_not_found: 'the name does not resolve',
  dns_failed: 'the name could not be resolved',
  dns_timeout: 'the name was not resolved within connect_timeout',
  // end
  peer_closed: 'closed by the peer',
  link_closed: 'closed because the other connection of the link ended',
  reset: 'reset by the peer',
  timed_out: 'the peer no longer answers (TCP)',
  tls_error: 'TLS error',
  socket_error: 'socket error',
  send_timeout: 'no byte taken within send_timeout',
  idle_timeout: 'no byte either way within idle_timeout',
  half_close_timeout: 'the rest did not follow within half_close_timeout',
  parse_error: 'the bytes are not MSRP',
  max_msg_chunks: 'a message arrived in more pieces than max_msg_chunks allows',
  drained: 'drained',
  internal_error: 'an error inside msrptap, to be reported',
} as const;

export type Reason = keyof typeof REASONS;
