/** What could not be carried over, in the order of the lines that say it. */
import { comment } from './entries.js';

/** More of them help nobody. */
const MAX_NOTES = 200;

export class Notes {
  readonly #notes: { readonly line: number; readonly text: string }[] = [];

  add(line: number, text: string): void {
    this.#notes.push({ line, text });
  }

  lines(): string[] {
    const notes = this.#notes.toSorted((a, b) => a.line - b.line);
    const shown = notes.slice(0, MAX_NOTES).flatMap(({ line, text }) => comment(`line ${line}: ${text}`));
    return notes.length > MAX_NOTES ? [...shown, `# and ${notes.length - MAX_NOTES} more`] : shown;
  }
}
