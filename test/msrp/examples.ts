/** Messages as they are printed in the RFCs, or as they are seen in the field. */
function wire(text: string): Buffer {
  return Buffer.from(text.replaceAll('\n', '\r\n'));
}

/** RFC 4975 §4 */
export const SEND = wire(`MSRP a786hjs2 SEND
To-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp
From-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp
Message-ID: 87652491
Byte-Range: 1-25/25
Content-Type: text/plain

Hey Bob, are you there?
-------a786hjs2$
`);

/** RFC 4975 §4 */
export const OK = wire(`MSRP a786hjs2 200 OK
To-Path: msrp://atlanta.example.com:7654/jshA7weztas;tcp
From-Path: msrp://biloxi.example.com:12763/kjhd37s2s20w2a;tcp
-------a786hjs2$
`);

/** RFC 4975 §5.1 */
export const FIRST_CHUNK = wire(`MSRP dkei38sd SEND
Message-ID: 4564dpWd
Byte-Range: 1-*/8
Content-Type: text/plain

abcd
-------dkei38sd+
`);

/** RFC 4975 §5.1 */
export const LAST_CHUNK = wire(`MSRP dkei38ia SEND
Message-ID: 4564dpWd
Byte-Range: 5-8/8
Content-Type: text/plain

EFGH
-------dkei38ia$
`);

export const ABORTED_CHUNK = wire(`MSRP dkei38ib SEND
To-Path: msrp://bob.example.com:8888/9di4ea;tcp
From-Path: msrp://alicepc.example.com:7777/iau39;tcp
Message-ID: 4564dpWd
Byte-Range: 5-*/8
Content-Type: text/plain

EF
-------dkei38ib#
`);

/** In the manner of RFC 4975 §11.4. */
export const REPORT = wire(`MSRP dkei38sx REPORT
To-Path: msrp://alicepc.example.com:7777/iau39;tcp
From-Path: msrp://bob.example.com:8888/9di4ea;tcp
Message-ID: 12339sdqwer
Byte-Range: 1-106/106
Status: 000 200 OK
-------dkei38sx$
`);

/** RFC 4976 §5.1: a transaction-id of four characters, To-Path with userinfo. */
export const AUTH = wire(`MSRP 49fh AUTH
To-Path: msrps://alice@intra.example.com;tcp
From-Path: msrps://alice.example.com:9892/98cjs;tcp
-------49fh$
`);

export const UNAUTHORIZED = wire(`MSRP 49fh 401 Unauthorized
To-Path: msrps://alice.example.com:9892/98cjs;tcp
From-Path: msrps://alice@intra.example.com;tcp
WWW-Authenticate: Digest realm="intra.example.com", qop="auth", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"
-------49fh$
`);

/** Two hops in To-Path. */
export const RELAYED = wire(`MSRP 6aef SEND
To-Path: msrps://a.example.org:9000/kjfjan;tcp msrp://bob.example.com:8145/foo;tcp
From-Path: msrps://alice.example.com:9892/98cjs;tcp
Success-Report: no
Byte-Range: 1-*/*
Message-ID: 87652
Content-Type: text/plain

Hi Bob, I'm about to send you file.mpeg
-------6aef$
`);

/** RFC 7701: no Message-ID. */
export const NICKNAME = wire(`MSRP d93kswow NICKNAME
To-Path: msrp://chat.example.com:12763/kjhd37s2s20w2a;tcp
From-Path: msrp://client.example.com:7654/jshA7weztas;tcp
Use-Nickname: "Alice the great"
-------d93kswow$
`);

/** RFC 4975 §5.4: binds the session to the connection. RCS clients use this id every time. */
export const BIND = wire(`MSRP empty SEND
To-Path: msrp://10.0.0.5:2855/s1;tcp
From-Path: msrp://10.0.0.9:40000/s2;tcp
Message-ID: 1
Byte-Range: 1-0/0
-------empty$
`);

/** A comment is optional. */
export const OK_WITHOUT_COMMENT = wire(`MSRP empty 200
To-Path: msrp://10.0.0.9:40000/s2;tcp
From-Path: msrp://10.0.0.5:2855/s1;tcp
-------empty$
`);

/** An empty body with its own CRLF. */
export const EMPTY_BODY = wire(`MSRP d93kswou SEND
Message-ID: 2
Content-Type: text/plain


-------d93kswou$
`);

/** An empty body; the CRLF of the blank line is the one before the end-line. */
export const EMPTY_BODY_SHARING_CRLF = wire(`MSRP d93kswov SEND
Message-ID: 2
Content-Type: text/plain

-------d93kswov$
`);

/** The body is a whole message with its end-line. */
export const ENCLOSING = wire(`MSRP outer123 SEND
Message-ID: 3
Content-Type: message/msrp

MSRP inner123 SEND
Content-Type: text/plain

x
-------inner123$

-------outer123$
`);

export const BINARY = Buffer.concat([
  wire(`MSRP binary.1 SEND
Message-ID: 4
Content-Type: application/octet-stream

`),
  Buffer.from(Array.from({ length: 256 }, (_, octet) => octet)),
  wire(`
-------binary.1$
`),
]);

/** Every character an ident may have, as long as it may be. */
export const LONGEST_ID = wire(`MSRP Zz9.-+%=--------.-+%=abcdef01234 SEND
-------Zz9.-+%=--------.-+%=abcdef01234$
`);

export const EXAMPLES = {
  SEND,
  OK,
  FIRST_CHUNK,
  LAST_CHUNK,
  ABORTED_CHUNK,
  REPORT,
  AUTH,
  UNAUTHORIZED,
  RELAYED,
  NICKNAME,
  BIND,
  OK_WITHOUT_COMMENT,
  EMPTY_BODY,
  EMPTY_BODY_SHARING_CRLF,
  ENCLOSING,
  BINARY,
  LONGEST_ID,
};
