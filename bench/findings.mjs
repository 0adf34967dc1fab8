/**
 * Why a figure misses its line, by the figure's name: what the profile shows, and what was tried. docs/performance.md prints
 * it as long as the line is missed.
 * @type {Readonly<Record<string, string>>}
 */
export const FINDINGS = {
  untraced:
    'the system calls are those of the plain Node pipe (strace: 12,505 reads and as many writes for 50,000 exchanges). Of 0.33 CPU s (perf) the kernel takes 0.15, the parser 0.07, all other JavaScript of our own 0.02, and Node and V8 around it 0.09. So the parser has to become twice as fast. Done so far: all plain connections read into one place, where Node would allocate 64 KiB for each read (it was 0.41 then). Tried without gain: writes that go past the stream (fs.writeSync), a smaller or larger young generation, a table-driven scan of the headers.',
  traced:
    'what untraced costs, and for each message a copy of its octets behind the head of its packet, the objects around it, and two look-ups in the metrics; the 1,440 writes of HEP for 50,000 exchanges are next to nothing. Done so far: start-lines and headers that stand whole in a read are parsed in one pass, sessions and content types are known by their octets, packets are written behind a head that is kept and flushed without a copy: together they halved it.',
};
