/**
 * Why a figure misses its line, by the figure's name: what the profile shows, and what was tried. docs/performance.md prints
 * it as long as the line is missed.
 * @type {Readonly<Record<string, string>>}
 */
export const FINDINGS = {
  untraced:
    'the system calls are those of the plain Node pipe (strace: 12,505 reads and as many writes for 50,000 exchanges). Of 0.41 CPU s (perf) the kernel takes 0.17, our own JavaScript 0.10 (0.07 of it the parser), V8 0.06 and malloc 0.06; of the 0.20 CPU s of the pipe, in the same order, 0.13, next to nothing, 0.03 and 0.05. So the parser has to become twice as fast, or the reads larger. Tried without gain: a fixed buffer to read into (onread), a larger young generation, a table-driven scan of the headers.',
  traced:
    'what untraced costs, and for each message a copy of its octets behind the head of its packet, the objects around it, and two look-ups in the metrics; the 1,440 writes of HEP for 50,000 exchanges are next to nothing. Done so far: start-lines and headers that stand whole in a read are parsed in one pass, sessions and content types are known by their octets, packets are written behind a head that is kept and flushed without a copy: together they halved it.',
};
