// @ts-check
/** New inputs out of those that were kept. */

/** @import { Random } from './random.mjs' */

/** Numbers at which lengths, signs and widths end. */
const EDGES = [0, 1, 5, 6, 7, 0x0a, 0x0d, 0x20, 0x2d, 0x7f, 0x80, 0xff];
const MOST_CHANGES = 6;
const MOST_COPIED = 64;

/** @typedef {(input: Buffer, random: Random, material: Material) => Buffer} Change */

/**
 * @typedef {object} Material
 * @property {readonly Buffer[]} words
 * @property {readonly Buffer[]} others inputs to take parts of
 */

/** @param {Buffer} input @param {number} from @param {number} to @param {Buffer} part */
function replaced(input, from, to, part) {
  return Buffer.concat([input.subarray(0, from), part, input.subarray(to)]);
}

/** @param {Buffer} input @param {Random} random @returns {[from: number, to: number]} */
function span(input, random) {
  const from = random.below(input.length + 1);
  return [from, Math.min(input.length, from + random.below(MOST_COPIED))];
}

/** @param {Buffer} input @param {Random} random */
function line(input, random) {
  const from = input.lastIndexOf(0x0a, random.below(input.length + 1)) + 1;
  const end = input.indexOf(0x0a, from);
  return { from, to: end === -1 ? input.length : end + 1 };
}

/** @type {readonly Change[]} */
const CHANGES = [
  function flipBit(input, random) {
    const changed = Buffer.from(input);
    const at = random.below(input.length + 1);
    if (at < changed.length) changed.writeUInt8(changed.readUInt8(at) ^ (1 << random.below(8)), at);
    return changed;
  },
  function setOctet(input, random) {
    const changed = Buffer.from(input);
    const at = random.below(input.length + 1);
    if (at < changed.length) changed[at] = random.below(2) === 0 ? random.below(256) : random.oneOf(EDGES);
    return changed;
  },
  function insertOctet(input, random) {
    const at = random.below(input.length + 1);
    return replaced(input, at, at, Buffer.from([random.below(256)]));
  },
  function remove(input, random) {
    return replaced(input, ...span(input, random), Buffer.alloc(0));
  },
  function cutOff(input, random) {
    return input.subarray(0, random.below(input.length + 1));
  },
  function insertWord(input, random, { words }) {
    if (words.length === 0) return input;
    const at = random.below(input.length + 1);
    return replaced(input, at, at, random.oneOf(words));
  },
  function overwriteWithWord(input, random, { words }) {
    if (words.length === 0) return input;
    const word = random.oneOf(words);
    const at = random.below(input.length + 1);
    return replaced(input, at, Math.min(input.length, at + word.length), word);
  },
  function repeat(input, random) {
    const [from, to] = span(input, random);
    return replaced(input, to, to, input.subarray(from, to));
  },
  function move(input, random) {
    const [from, to] = span(input, random);
    const without = replaced(input, from, to, Buffer.alloc(0));
    const at = random.below(without.length + 1);
    return replaced(without, at, at, input.subarray(from, to));
  },
  function repeatLine(input, random) {
    const { from, to } = line(input, random);
    return replaced(input, to, to, input.subarray(from, to));
  },
  function removeLine(input, random) {
    const { from, to } = line(input, random);
    return replaced(input, from, to, Buffer.alloc(0));
  },
  function number(input, random) {
    const text = input.toString('latin1');
    const numbers = [...text.matchAll(/\d+/g)];
    const found = numbers[random.below(numbers.length + 1)];
    if (found === undefined) return input;
    const value = random.oneOf(['0', '-1', '1', '65535', '65536', '4294967296', '99999999999999999999', '007', '1e9']);
    return replaced(input, found.index, found.index + found[0].length, Buffer.from(value));
  },
  function length16(input, random) {
    if (input.length < 2) return input;
    const changed = Buffer.from(input);
    changed.writeUInt16BE(
      random.below(3) === 0 ? random.below(65_536) : random.below(64),
      random.below(input.length - 1),
    );
    return changed;
  },
  function splice(input, random, { others }) {
    const other = random.oneOf(others);
    return Buffer.concat([
      input.subarray(0, random.below(input.length + 1)),
      other.subarray(random.below(other.length + 1)),
    ]);
  },
];

/** @param {Buffer} input @param {Random} random @param {Material} material @param {number} maxLength */
export function mutate(input, random, material, maxLength) {
  let changed = input;
  for (let left = 1 + random.below(MOST_CHANGES); left > 0; left -= 1) {
    changed = random.oneOf(CHANGES)(changed, random, material);
  }
  return changed.subarray(0, maxLength);
}
