import { ParserPool } from '../msrp/parser-pool.js';
import type { Buffers } from '../net/buffers.js';

/** The parameters that govern a link, by their names in the configuration (OpenSIPS' where it has them). Times in milliseconds. */
export interface LinkOptions {
  /** A connection that takes no byte for this long while there is something to send is closed. */
  readonly send_timeout: number;
  /** A message that arrives in more pieces than this closes its connection; 0 = never (see chunk-budget.ts). */
  readonly max_msg_chunks: number;
  /** For accepted and for originated TLS connections. */
  readonly tls_handshake_timeout: number;
  /** For the name and the TCP connect of an originated connection together. */
  readonly connect_timeout: number;
  /** No byte either way for this long closes the link; 0 = never. */
  readonly idle_timeout: number;
  /** After one side's FIN: no byte for this long closes the link. */
  readonly half_close_timeout: number;
  /** What is not MSRP: `close` the link, or `pass` it on and look no more. */
  readonly on_parse_error: 'close' | 'pass';
}

/** Of the section `limits`. Times in milliseconds, 0: no limit. */
export interface MessageLimits {
  /** Octets of a header section. */
  readonly header_section: number;
  /** Headers of a message. */
  readonly headers: number;
  /** URIs of a To-Path or From-Path. */
  readonly path_uris: number;
  /** From the accept (msrps: the end of the handshake) to the first byte either way. */
  readonly first_byte_timeout: number;
  /** Without a byte inside a message. */
  readonly message_timeout: number;
}

/** What a link needs: its parameters, and what all links share. */
export interface LinkContext extends LinkOptions {
  readonly first_byte_timeout: number;
  readonly message_timeout: number;
  readonly parsers: ParserPool;
  readonly buffers: Buffers;
}

export function linkContext(options: LinkOptions, limits: MessageLimits, buffers: Buffers): LinkContext {
  const { first_byte_timeout, message_timeout, header_section, headers, path_uris } = limits;
  const parsers = new ParserPool({ maxHeaderSection: header_section, maxHeaders: headers, maxPathUris: path_uris });
  return { ...options, first_byte_timeout, message_timeout, parsers, buffers };
}

/**
 * Octets held for a next hop that is still being dialled; then the downstream connection is not read until it stands
 * (one read of up to 64 KiB may come on top). Enough for the messages that bind a session and a first chat.
 */
export const HOLD_BYTES = 16_384;

/** On a drain: a link is ended at a message boundary once it has been quiet this long, so that a SEND just passed on still gets its response. */
export const DRAIN_QUIET_MS = 200;

/**
 * Names out of To-Paths that are resolved at one time. Each may occupy one of Node's four pool threads until the system's
 * resolver gives up; the others are left to the names of the configuration, and to files.
 */
export const PEER_LOOKUPS = 2;
