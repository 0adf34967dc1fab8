import type { Config } from '../config.js';

/** What every configuration that ships has. The defaults are the documentation's, which suit a local network at rest. */
export const PRACTICAL = { send_timeout: 10_000, tls_handshake_timeout: 5_000, max_msg_chunks: 64 } as const;

/** Limits that healthy connections run into; the log warns of them at start too. */
export function timeoutRisks({
  proto_msrp,
}: {
  readonly proto_msrp: Pick<Config['proto_msrp'], keyof typeof PRACTICAL>;
}): string[] {
  const risks: string[] = [];
  const { send_timeout, tls_handshake_timeout, max_msg_chunks } = proto_msrp;
  if (send_timeout === 0) {
    risks.push(
      `proto_msrp.send_timeout: 0 never closes a connection whose peer has stopped reading; set ${PRACTICAL.send_timeout}`,
    );
  } else if (send_timeout < PRACTICAL.send_timeout) {
    risks.push(
      `proto_msrp.send_timeout: ${send_timeout} ms closes healthy connections: on a 1 Mbit/s link a reader that never pauses shows no progress for 2.2 to 2.7 s, and every lost packet costs 200 ms or more; set ${PRACTICAL.send_timeout}`,
    );
  }
  if (tls_handshake_timeout < PRACTICAL.tls_handshake_timeout) {
    risks.push(
      `proto_msrp.tls_handshake_timeout: ${tls_handshake_timeout} ms can be less than a TLS handshake takes on a mobile network; set ${PRACTICAL.tls_handshake_timeout}`,
    );
  }
  if (max_msg_chunks > 0 && max_msg_chunks < PRACTICAL.max_msg_chunks) {
    risks.push(
      `proto_msrp.max_msg_chunks: ${max_msg_chunks} drops senders whose messages arrive in small segments, as over a slow or busy link; set ${PRACTICAL.max_msg_chunks}`,
    );
  }
  return risks;
}
