/**
 * The octets of a read several at a time. The engine makes one load of each word, while a call into its runtime takes as
 * long as a hundred of them: what is no longer than a header section is best gone through this way.
 */
export type Words = DataView;

/** Octets of the word that most is looked at by. */
export const WORD = 4;

/** Octets up to which a copy takes less time than making a view does. */
const COPIED = 4_096;

const copy = new Uint8Array(COPIED);
const wordsOfCopy = new DataView(copy.buffer);

/** Where the last read stood: plain connections read into one place, over and over. */
let place: ArrayBufferLike = copy.buffer;
/** Its words; null: it has not come again. */
let wordsOfPlace: Words | null = null;

/**
 * The words of `read`, at the offsets that they have there; there may be more behind them. They are good until the next
 * call.
 */
export function lookAt(read: Uint8Array): Words {
  const { buffer } = read;
  if (read.byteOffset === 0) {
    if (buffer === place) return (wordsOfPlace ??= new DataView(buffer));
    place = buffer;
    wordsOfPlace = null;
  }
  if (read.length > COPIED) return wordsOf(read);
  copy.set(read);
  return wordsOfCopy;
}

/** The words of `octets`, for as long as these are there. */
export function wordsOf({ buffer, byteOffset, length }: Uint8Array): Words {
  return new DataView(buffer, byteOffset, length);
}

/** Whether one of the four octets of `word` is a control character up to CR. */
export function hasControl(word: number): boolean {
  // An octet below 0x0e borrows from its highest bit, which none of 0x80 and more is taken for.
  return ((word - 0x0e0e0e0e) & ~word & 0x80808080) !== 0;
}

const DOUBLE_WORD = 8;

/**
 * Up to where `known[from, to)`, none of which is NUL, stands in `words[at, stop)`. It compares eight octets at a time, as
 * numbers: of those, only the two zeros, which have NULs, are equal and not the same, and what is no number equals nothing
 * and is left to the smaller words.
 * @returns the offset in `known` of the first octet that is not the same, or of the end of either
 */
export function sameOctets(words: Words, at: number, stop: number, known: Words, from: number, to: number): number {
  const shift = at - from;
  const end = Math.min(to, stop - shift);
  let same = from;
  // Several in a row, for what the engine checks in each turn of a loop takes longer than the comparison.
  while (
    same + 4 * DOUBLE_WORD <= end &&
    words.getFloat64(same + shift, true) === known.getFloat64(same, true) &&
    words.getFloat64(same + shift + 8, true) === known.getFloat64(same + 8, true) &&
    words.getFloat64(same + shift + 16, true) === known.getFloat64(same + 16, true) &&
    words.getFloat64(same + shift + 24, true) === known.getFloat64(same + 24, true)
  ) {
    same += 4 * DOUBLE_WORD;
  }
  while (same + DOUBLE_WORD <= end && words.getFloat64(same + shift, true) === known.getFloat64(same, true)) {
    same += DOUBLE_WORD;
  }
  if (same + WORD <= end && words.getInt32(same + shift) === known.getInt32(same)) same += WORD;
  while (same < end && words.getUint8(same + shift) === known.getUint8(same)) same++;
  return same;
}
