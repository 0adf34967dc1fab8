/** SIP messages that negotiate MSRP, written out as they stand on the wire. */

export interface Offer {
  readonly callId: string;
  /** A session-id, or those of several m= sections. */
  readonly sessions: string | readonly string[];
}

/** The session description of an MSRP end point [RFC 4975 §8.6]. */
export function sdp(sessions: string | readonly string[]): string {
  const media = [sessions]
    .flat()
    .map(
      (session) =>
        `m=message 12763 TCP/MSRP *\na=accept-types:text/plain\na=path:msrp://callee.example.com:12763/${session};tcp\n`,
    );
  return crlf(
    `v=0\no=alice 2890844526 2890844527 IN IP4 192.0.2.10\ns=-\nc=IN IP4 192.0.2.10\nt=0 0\n${media.join('')}`,
  );
}

export function invite({ callId, sessions }: Offer, to = 'sip:bob@example.com'): string {
  const body = sdp(sessions);
  return crlf(
    `INVITE ${to} SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds\nMax-Forwards: 70\n` +
      `From: Alice <sip:alice@example.com>;tag=1928301774\nTo: Bob <${to}>\nCall-ID: ${callId}\nCSeq: 1 INVITE\n` +
      `Contact: <sip:alice@192.0.2.10>\nContent-Type: application/sdp\nContent-Length: ${body.length}\n\n${body}`,
  );
}

export function answer({ callId, sessions }: Offer): string {
  const body = sdp(sessions);
  return crlf(
    `SIP/2.0 200 OK\nv: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds\nf: Alice <sip:alice@example.com>;tag=1928301774\n` +
      `t: Bob <sip:bob@example.com>;tag=a6c85cf\ni: ${callId}\nCSeq: 1 INVITE\nm: <sip:bob@192.0.2.4>\n` +
      `c: application/sdp\nl: ${body.length}\n\n${body}`,
  );
}

export function crlf(text: string): string {
  return text.replaceAll(/\r?\n/g, '\r\n');
}
