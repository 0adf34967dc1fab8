/**
 * Stands for the octets of a To-Path and a From-Path in one direction of a connection: messages that have the same one have
 * the same paths. Who looks on may note here what they mean to him.
 */
export class PathsToken {
  /** The session of requests, or of responses, with these paths. */
  session: object | null = null;
}

/**
 * Stands for the octets of a Content-Type that is the last header, as it is of messages with a body [RFC 4975 §9]: messages
 * that have the same one have the same type.
 */
export class TypeToken {
  /** Octets of its line, CRLF included. */
  readonly length: number;
  /** The header before it is a Byte-Range, whatever that says in each message. */
  readonly followsByteRange: boolean;

  // What those who look on made of it, so that they do it once.

  /** Whether the body is text; null: nobody has looked. */
  isText: boolean | null = null;
  /** Which class of content it is, as the session layer numbers them; -1: it has not looked. */
  content = -1;

  constructor(length: number, followsByteRange: boolean) {
    this.length = length;
    this.followsByteRange = followsByteRange;
  }
}
