import { afterAll } from 'vitest';
import { writeFigures } from '../reliability/figures.mjs';

interface Figure {
  readonly survived: string;
  readonly lost: number | null;
  readonly detected: number | null;
  /** Octets of memory more than before. Default: nobody looked. */
  readonly grown?: number | null;
}

const figures: Record<string, Required<Figure>> = {};

export function note(name: string, figure: Figure): void {
  figures[name] = { grown: null, ...figure };
}

/** Writes what was noted to docs/reliability.md, if RECORD says so: the figures of a machine are of no use to a test. */
export function recordAtEnd(): void {
  afterAll(() => {
    if (process.env['RECORD'] === '1') writeFigures('faults', figures);
  });
}
