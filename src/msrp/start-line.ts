import { CR, LF, PROTOCOL, SP, TRANSACTION_ID_MAX, TRANSACTION_ID_MIN } from './grammar.js';
import { isAlphanum, isDigit, isIdentChar, isUpalpha } from './grammar.js';

const IN_PROTOCOL = 0;
const IN_TRANSACTION_ID = 1;
const AT_CODE = 2;
const IN_METHOD = 3;
const IN_STATUS = 4;
const AFTER_STATUS = 5;
const IN_COMMENT = 6;
const AT_LINE_FEED = 7;
const COMPLETE = 8;

const STATUS_DIGITS = 3;
const DIGIT_0 = 0x30;

/**
 * Recognises the start-line of a request or response, octet by octet, so that what is not MSRP is noticed at the first
 * octet that cannot be right: an HTTP request or a TLS ClientHello at its first.
 *
 * `MSRP SP transact-id SP (method | status-code [SP comment]) CRLF` [RFC 4975 §9]
 */
export class StartLine {
  /** The first `transactionIdLength` octets count. */
  readonly #transactionId: Uint8Array;
  transactionIdLength = 0;
  kind: 'request' | 'response' = 'request';
  /** 0 for a request. */
  status = 0;
  error: 'start_line' | 'transaction_id' | null = null;
  #state = IN_PROTOCOL;
  /** Octets of the protocol name or digits of the status seen so far. */
  #count = 0;

  /** @param transactionId where that of the line is written: TRANSACTION_ID_MAX octets */
  constructor(transactionId: Uint8Array) {
    this.#transactionId = transactionId;
  }

  get complete(): boolean {
    return this.#state === COMPLETE;
  }

  begin(): void {
    this.transactionIdLength = 0;
    this.kind = 'request';
    this.status = 0;
    this.#state = IN_PROTOCOL;
    this.#count = 0;
  }

  /**
   * Takes octets of `read` from `at`, at most up to `stop`.
   * @returns the offset behind the line's LF when it is `complete`, of the offending octet when there is an `error`,
   *   else `stop`
   */
  scan(read: Buffer, at: number, stop: number): number {
    for (; at < stop; at++) {
      this.#take(read[at]!);
      if (this.error !== null) return at;
      if (this.#state === COMPLETE) return at + 1;
    }
    return at;
  }

  #take(octet: number): void {
    switch (this.#state) {
      case IN_PROTOCOL:
        if (octet !== PROTOCOL[this.#count]) this.error = 'start_line';
        else if (++this.#count === PROTOCOL.length) this.#state = IN_TRANSACTION_ID;
        break;
      case IN_TRANSACTION_ID:
        this.#takeOfTransactionId(octet);
        break;
      case AT_CODE:
        this.#count = 0;
        if (isUpalpha(octet)) this.#state = IN_METHOD;
        else if (isDigit(octet)) this.#takeOfStatus(octet);
        else this.error = 'start_line';
        break;
      case IN_METHOD:
        if (octet === CR) this.#state = AT_LINE_FEED;
        else if (!isUpalpha(octet)) this.error = 'start_line';
        break;
      case IN_STATUS:
        if (isDigit(octet)) this.#takeOfStatus(octet);
        else this.error = 'start_line';
        break;
      case AFTER_STATUS:
        if (octet === CR) this.#state = AT_LINE_FEED;
        else if (octet === SP) this.#state = IN_COMMENT;
        else this.error = 'start_line';
        break;
      case IN_COMMENT:
        // Any text will do: it is for people [RFC 4975 §7.2], and peers write it in all charsets.
        if (octet === CR) this.#state = AT_LINE_FEED;
        else if (octet === LF || octet === 0) this.error = 'start_line';
        break;
      default:
        if (octet === LF) this.#state = COMPLETE;
        else this.error = 'start_line';
    }
  }

  #takeOfTransactionId(octet: number): void {
    const length = this.transactionIdLength;
    if (octet === SP && length >= TRANSACTION_ID_MIN) {
      this.#state = AT_CODE;
    } else if (length < TRANSACTION_ID_MAX && (length === 0 ? isAlphanum(octet) : isIdentChar(octet))) {
      this.#transactionId[length] = octet;
      this.transactionIdLength = length + 1;
    } else {
      this.error = 'transaction_id';
    }
  }

  #takeOfStatus(octet: number): void {
    this.kind = 'response';
    this.status = this.status * 10 + (octet - DIGIT_0);
    this.#state = ++this.#count === STATUS_DIGITS ? AFTER_STATUS : IN_STATUS;
  }
}
