/** What a kernel may be out of: local ports, file descriptors. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { linkThrough, NextHop } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { note, recordAtEnd } from './figures.js';
import { Examined } from './holding.js';
import { converse, endOfDial, hangUp, labScene, pause, SLACK, timed, type Link } from './scene.js';

recordAtEnd();

test('out of local ports: the client is reset, it is said and counted, and a port that is free again is used', async (context) => {
  const { lab, examined, link } = await labScene(context);
  const { tap } = examined;
  const PORTS = 4;
  // Only now: its own sockets are bound to ports that are not among these.
  await lab.run('sh', '-c', `echo 61000 ${61_000 + PORTS - 1} >/proc/sys/net/ipv4/ip_local_port_range`);
  const { result: detected, grown } = await examined.leavesNothing(async () => {
    const links: Link[] = [];
    for (let i = 0; i < PORTS; i += 1) links.push(await link());
    const time = await timed(async () => expect(await endOfDial(tap.socket)).toBe('rst'));
    for (const each of links) await converse(each);
    const [first, ...others] = links as [Link, ...Link[]];
    hangUp(first);
    await eventually(() => tap.metric('connections', { leg: 'upstream' })).toBe(PORTS - 1);
    const next = await link();
    await converse(next);
    hangUp(next, ...others);
    return time;
  });
  expect(detected).toBeLessThan(SLACK);
  expect(await tap.metric('connection_failures_total', { leg: 'upstream', reason: 'local_ports' })).toBe(2);
  const said = tap.log.filter(({ msg }) => msg === 'connect failed');
  expect(said.map(({ detail }) => String(detail))).toEqual([
    expect.stringContaining('EADDRNOTAVAIL'),
    expect.stringContaining('EADDRNOTAVAIL'),
  ]);
  note('out of local ports (EADDRNOTAVAIL)', {
    survived: 'local_ports resets the client, at once; the others are carried, and the next one',
    lost: 0,
    detected,
    grown,
  });
});

/** Seconds of processor time so far. */
function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime and stime [proc_pid_stat(5)], in ticks of 10 ms.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

for (const workers of [1, 2]) {
  test(`out of file descriptors: who is one too many is reset, with a reason, and nothing spins (workers: ${workers})`, async () => {
    const FILES = 240;
    // 200 are kept for other things, and a link takes two.
    const fit = workers * 20;
    const MORE = 10;
    const hop = await NextHop.start();
    const examined = await Examined.start(
      { upstream: hop.url, workers },
      { through: ['prlimit', `--nofile=${FILES}:${FILES}`] },
    );
    const { tap } = examined;
    const { result: detected, grown } = await examined.leavesNothing(async () => {
      // Whoever fills the HTTP port takes nothing from the links.
      const callers = Array.from({ length: 2 * FILES }, () => connect(tap.httpd.port, tap.httpd.ip));
      for (const caller of callers) caller.on('error', () => {});
      const links: Link[] = [];
      for (let i = 0; i < fit; i += 1) links.push(await linkThrough(tap.socket, hop));
      const time = await timed(async () => {
        for (let i = 0; i < MORE; i += 1) expect(await endOfDial(tap.socket)).toBe('rst');
      });
      const pids = [tap.pid, ...tap.workers()];
      // What came before may still be under way; who spins does so for ever.
      await eventually(async () => {
        const before = pids.map(cpuOf);
        await pause(500);
        return pids.reduce((sum, pid, index) => sum + cpuOf(pid) - (before[index] ?? 0), 0);
      }).toBeLessThan(0.25);
      for (const each of links) await converse(each);
      hangUp(...links);
      for (const caller of callers) caller.destroy();
      return time / MORE;
    });
    await eventually(() =>
      tap.metric('connection_failures_total', { leg: 'downstream', reason: 'max_connections' }),
    ).toBe(2 * MORE);
    note(`out of file descriptors (workers: ${workers})`, {
      survived: 'who is one too many is reset (max_connections); the others are carried, nothing spins',
      lost: 0,
      detected,
      grown,
    });
  });
}
