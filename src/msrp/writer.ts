import { MsrptapError } from '../lib/errors.js';
import { END_LINE_HYPHENS, isTransactionId, type ContinuationFlag } from './grammar.js';

const FLAGS: readonly ContinuationFlag[] = ['$', '+', '#'];

export interface RequestParts {
  /** 4 to 32 characters of ident [RFC 4975 §9]. */
  readonly transactionId: string;
  readonly method: string;
  /** One URI, or several with the next hop first. */
  readonly toPath: string | readonly string[];
  readonly fromPath: string | readonly string[];
  /** In their order, between From-Path and Content-Type. */
  readonly headers?: Iterable<readonly [name: string, value: string]>;
  /** Without one there is no body, and no blank line. */
  readonly contentType?: string;
  readonly body?: string | Uint8Array;
  /** Default `$`. */
  readonly flag?: ContinuationFlag;
}

export interface ResponseParts {
  /** The one of the request. */
  readonly transactionId: string;
  /** Three digits. */
  readonly status: number;
  readonly comment?: string;
  readonly toPath: string | readonly string[];
  readonly fromPath: string | readonly string[];
  readonly headers?: Iterable<readonly [name: string, value: string]>;
}

/**
 * A whole request.
 * @throws MsrptapError `transaction_id_unusable` when it is not an ident, or when its end-line stands in the body
 *   [RFC 4975 §7.1]
 */
export function writeRequest(parts: RequestParts): Buffer {
  const { transactionId, contentType, flag = '$' } = parts;
  const head = headOf(transactionId, parts.method, parts);
  const endLine = `${END_LINE_HYPHENS}${transactionId}${flag}\r\n`;
  if (contentType === undefined) return Buffer.from(head + endLine);
  const message = Buffer.concat([
    Buffer.from(`${head}Content-Type: ${contentType}\r\n\r\n`),
    Buffer.from(parts.body ?? ''),
    Buffer.from(`\r\n${endLine}`),
  ]);
  const endsAt = message.length - endLine.length - 2;
  for (const other of FLAGS) {
    const found = message.indexOf(`\r\n${END_LINE_HYPHENS}${transactionId}${other}\r\n`);
    if (found !== -1 && found < endsAt) {
      throw new MsrptapError(
        'transaction_id_unusable',
        `the end-line of transaction-id ${transactionId} stands in the body`,
      );
    }
  }
  return message;
}

/**
 * A whole response. It has no body [RFC 4975 §7.2].
 * @throws MsrptapError `transaction_id_unusable` when it is not an ident
 */
export function writeResponse(parts: ResponseParts): Buffer {
  const { transactionId, status, comment } = parts;
  const code = String(status).padStart(3, '0') + (comment === undefined ? '' : ` ${comment}`);
  return Buffer.from(`${headOf(transactionId, code, parts)}${END_LINE_HYPHENS}${transactionId}$\r\n`);
}

/** The start-line and all headers but Content-Type. To-Path and From-Path come first [RFC 4975 §9]. */
function headOf(
  transactionId: string,
  code: string,
  { toPath, fromPath, headers = [] }: Pick<RequestParts, 'toPath' | 'fromPath' | 'headers'>,
): string {
  if (!isTransactionId(transactionId)) {
    throw new MsrptapError('transaction_id_unusable', `${JSON.stringify(transactionId)} is not a transaction-id`);
  }
  let head = `MSRP ${transactionId} ${code}\r\nTo-Path: ${pathOf(toPath)}\r\nFrom-Path: ${pathOf(fromPath)}\r\n`;
  for (const [name, value] of headers) head += `${name}: ${value}\r\n`;
  return head;
}

function pathOf(uris: string | readonly string[]): string {
  return typeof uris === 'string' ? uris : uris.join(' ');
}
