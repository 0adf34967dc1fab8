/**
 * Why a connection was refused, not established or ended: `Reason` in traced events, `reason` in metrics and logs.
 * Stable, and a closed set: nothing a peer sends can add to it.
 */
export const REASONS = {
  // accept
  max_connections: 'limits.max_connections is reached',
  connections_per_source: 'limits.connections_per_source is reached',
  accept_rate: 'limits.accept_rate is reached',
  accept_rate_per_source: 'limits.accept_rate_per_source is reached',
  buffer_full: 'limits.buffer is reached: too much waits for slow readers',
  // and dial
  open_files: 'the open-file limit of the process is reached; raise it (LimitNOFILE=, ulimit -n)',
  // TLS, accepted and dialled; some after the handshake
  tls_handshake_timeout: 'no TLS handshake within tls_handshake_timeout; slow networks need 5000 ms',
  tls_handshake_failed: 'TLS handshake failed',
  tls_no_domain: 'no server_domain is for this address and server name; add one, or set match_sip_domain: "*"',
  tls_expected:
    'plain bytes where TLS is to be; a client is to speak TLS or use a msrp: socket, a next hop without TLS is upstream: msrp:',
  tls_unexpected:
    'TLS where plain MSRP is to be; a client is to use a msrps: socket, a next hop with TLS is upstream: msrps:',
  tls_version_mismatch: 'no TLS version in common; widen tls_method of the domain, or update the peer',
  tls_cipher_mismatch:
    'no cipher, curve or signature algorithm in common; see ciphers_list, ec_curve and certificate of the domain',
  tls_certificate_required:
    'no client certificate; give clients one of a CA in ca_list, or set require_cert: 0; for a next hop set certificate and private_key of the client_domain',
  tls_certificate_untrusted:
    'the certificate of the peer leads to no trusted CA; add its CA to ca_list or ca_dir, and have the peer send its intermediate certificates',
  tls_certificate_expired:
    'the certificate of the peer, or of a CA above it, has expired or is not valid yet; renew it, or set the clock',
  tls_certificate_wrong_name:
    'the certificate of the peer is for another host; let upstream name one that stands in it, or have it issued anew',
  tls_certificate_revoked: 'the certificate of the peer is revoked by a CRL in crl_dir; the peer needs a new one',
  tls_crl_unusable: 'crl_dir has no current CRL for the certificate of the peer; put one there and reload',
  tls_certificate_invalid: 'the certificate of the peer did not pass verification (verify_cert: 1)',
  tls_certificate_refused:
    'the peer refuses the certificate of the domain; see its expiry and intermediate certificates, and that the peer trusts its CA',
  // PROXY protocol
  proxy_header_invalid: 'no PROXY protocol header came first, from an address of proxy_protocol.from',
  proxy_header_timeout: 'no PROXY protocol header within proxy_protocol.timeout',
  proxy_header_forbidden: 'a PROXY protocol header from an address that is not in proxy_protocol.from',
  // route
  to_path_invalid: 'the first To-Path URI of the first request names no next hop',
  to_path_forbidden: 'the next hop of the To-Path is not in to_path.allow',
  to_path_timeout: 'no request within to_path.timeout',
  to_path_overflow: 'no request within to_path.max_bytes',
  loop: 'the connection would lead back to msrptap itself',
  // dial
  connect_refused: 'connection refused',
  connect_timeout: 'no connection within connect_timeout',
  connect_unreachable: 'network or host unreachable',
  connect_failed: 'connection not established',
  local_ports: 'no local port is left towards that address; widen net.ipv4.ip_local_port_range, or name more next hops',
  dns_not_found: 'the name does not resolve',
  dns_failed: 'the name could not be resolved',
  dns_timeout: 'the name was not resolved within connect_timeout',
  // transaction
  transaction_timeout: 'no response within transaction_timeout',
  // end
  peer_closed: 'closed by the peer',
  link_closed: 'closed because the other connection of the link ended',
  reset: 'reset by the peer',
  timed_out: 'the peer no longer answers (TCP)',
  tls_error: 'TLS error',
  socket_error: 'socket error',
  send_timeout: 'no byte taken within send_timeout',
  first_byte_timeout: 'no byte either way within limits.first_byte_timeout of the accept',
  message_timeout: 'no byte within limits.message_timeout inside a message',
  idle_timeout: 'no byte either way within idle_timeout',
  half_close_timeout: 'the rest did not follow within half_close_timeout',
  parse_error: 'the bytes are not MSRP',
  headers_too_large: 'a header section longer than limits.header_section',
  too_many_headers: 'a message with more headers than limits.headers',
  path_too_long: 'a To-Path or From-Path with more URIs than limits.path_uris',
  max_msg_chunks: 'a message arrived in more pieces than max_msg_chunks allows',
  drained: 'drained',
  closed_by_mi: 'closed by msrptap:close',
  internal_error: 'an error inside msrptap, to be reported',
} as const;

export type Reason = keyof typeof REASONS;

/** What systems and TLS libraries say may quote what a peer sent. */
const MAX_DETAIL = 500;

/** As much of the detail of a failure as is told, in logs and events. */
export function shownDetail(detail: string): string {
  return detail.slice(0, MAX_DETAIL);
}
