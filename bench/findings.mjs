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
  memory:
    'a link has 7.7 KB of live memory (heap snapshots): 4.2 of it are the two sockets of Node with their streams and handles, 2.1 link, connections, flows and their trace, 1.4 the paths that repeat and the heads of its HEP packets with the objects around these octets. A plain Node pipe has 4.8 KB. The rest up to the resident memory is what V8 and malloc hold besides: garbage of the connects that had grown old, heads of allocations, pages that are not full; a full collection before the measurement takes 1.5 KB away. Done so far, from 27 KB: one timer for all quiet links, parsers shared by all directions without an open message (4 KB), no closures, Maps and arrays in a link that has one session (4 KB), one buffer per HEP head, a young generation of two halves of 4 MiB (5 KB). Tried without gain: the buffers of octets from the shared pool, fewer malloc arenas.',
};
