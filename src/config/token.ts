/** The token of httpd: where it may stand, and what it looks like. */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../lib/errors.js';
import type { Parsed } from './parsed.js';

/** What a Bearer token may be made of, and long enough not to be guessed. */
export const TOKEN = /^[\x21-\x7e]{16,255}$/;
export const TOKEN_FORM = 'at least 16 printable ASCII characters without blanks';

/** The variable of the environment that counts where the file sets neither token nor token_file. */
export const TOKEN_VARIABLE = 'MSRPTAP_TOKEN';

/** Octets; a token and its line end are far shorter, and a device or a log named by mistake must not be read whole. */
const MAX_FILE = 4_096;

/** What a configuration may use of the environment. */
export interface Environment {
  /** MSRPTAP_TOKEN; empty is as good as none. */
  readonly token?: string | undefined;
}

export interface TokenSources {
  readonly token?: string;
  readonly token_file: string | null;
}

/**
 * The token in force; undefined: none is asked for.
 * @param directory what token_file is relative to
 * @returns a problem that quotes nothing of what was found
 */
export function tokenOf(
  { token, token_file }: TokenSources,
  directory: string,
  environment: Environment,
): Parsed<string | undefined> {
  if (token !== undefined) return { value: token };
  if (token_file !== null) return readTokenFile(resolve(directory, token_file));
  const given = environment.token;
  if (given === undefined || given === '') return { value: undefined };
  return TOKEN.test(given)
    ? { value: given }
    : { problem: `${TOKEN_VARIABLE} in the environment must be ${TOKEN_FORM}` };
}

function readTokenFile(path: string): Parsed<string> {
  let text: string;
  try {
    const found = statSync(path);
    // To read a FIFO or a device may take for ever.
    if (!found.isFile()) return { problem: `${path} is no regular file` };
    const { size } = found;
    if (size > MAX_FILE) return { problem: `${path} has ${size} octets: it must hold a token and nothing else` };
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `${path} cannot be read: ${messageOf(error)}` };
  }
  const token = text.replace(/\r?\n$/, '');
  return TOKEN.test(token) ? { value: token } : { problem: `${path} must hold one line of ${TOKEN_FORM}` };
}
