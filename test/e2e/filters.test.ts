/** Which connections are traced: by the route of a filter module, and by MI. */
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { carry, dial, linkThrough, NextHop, type Peer } from '../helpers/endpoint.js';
import { eventually } from '../helpers/eventually.js';
import { endpointOf, startTap, type Settings, type Tap } from '../helpers/tap.js';
import { Trace } from '../helpers/trace.js';
import { Chat } from '../helpers/wire.js';

interface Scene {
  readonly trace: Trace;
  readonly tap: Tap;
  readonly hop: NextHop;
  readonly filters: string;
  /** Puts another module in the place of the route's. */
  readonly replace: (source: string) => Promise<void>;
}

async function scene(source: string | null, proto_msrp: Settings = {}): Promise<Scene> {
  const filters = await mkdtemp(join(tmpdir(), 'msrptap-filters-'));
  onTestFinished(() => rm(filters, { recursive: true }));
  const replace = async (text: string): Promise<void> => {
    // As editors do: never half a file.
    await writeFile(join(filters, 'new'), text);
    await rename(join(filters, 'new'), join(filters, 'route.js'));
  };
  if (source !== null) await replace(source);
  const trace = await Trace.start();
  const hop = await NextHop.start();
  const route = source === null ? {} : { trace_filter_route: 'route' };
  const tap = await startTap({ upstream: hop.url, trace, filters, proto_msrp: { ...route, ...proto_msrp } });
  return { trace, tap, hop, filters, replace };
}

interface Link {
  readonly client: Peer;
  readonly server: Peer;
  readonly chat: Chat;
}

async function open({ tap, hop }: Scene): Promise<Link> {
  const link = { ...(await linkThrough(tap.socket, hop)), chat: new Chat() };
  await say('hello', link);
  return link;
}

async function say(text: string, { client, server, chat }: Link): Promise<void> {
  await carry(chat.ask(text), client, server);
}

async function close({ client, server }: Link): Promise<void> {
  client.finish();
  server.finish();
  await Promise.all([client.closed, server.closed]);
}

/** What of a link is in the trace: events by leg, messages by body, in the order of their times. */
function shown(trace: Trace, { chat }: Link): string[] {
  return trace
    .ladder(chat.session)
    .map(({ event, payload }) =>
      event === null
        ? String(payload.toString().split('\r\n\r\n')[1]?.split('\r\n')[0])
        : `${event.Event} ${event.Leg}`,
    );
}

const ALL = ['ACCEPTED downstream', 'CONNECTED upstream', 'hello', 'CLOSED downstream', 'CLOSED upstream'];

/** Resolves when everything of a link that is traced in full is there. */
async function whole(trace: Trace, link: Link): Promise<void> {
  await eventually(() => shown(trace, link).toSorted()).toEqual(ALL.toSorted());
}

describe('a route decides for each connection', () => {
  test('and is told about both of them', async () => {
    const here = await scene(`
      import { appendFileSync } from 'node:fs';
      const file = new URL('calls', import.meta.url);
      export default function route(input) { appendFileSync(file, JSON.stringify(input) + '\\n'); }
    `);
    const link = await open(here);
    await close(link);
    await whole(here.trace, link);
    expect(await here.tap.metric('filter_decisions_total', { decision: 'return' })).toBe(2);
    const calls = (await readFile(join(here.filters, 'calls'), 'utf8')).trimEnd().split('\n');
    const [client, near] = [endpointOf(link.client.address), endpointOf(link.server.remote)];
    const common = { proto: 'msrp', tls: null, next_hop: { ip: here.hop.ip, port: here.hop.port } };
    expect(calls.map((call): unknown => JSON.parse(call))).toEqual([
      { ...common, direction: 'accepted', si: client.ip, sp: client.port, socket_in: here.tap.socket, peer: null },
      {
        ...common,
        direction: 'connected',
        si: here.hop.ip,
        sp: here.hop.port,
        socket_in: near,
        peer: { si: client.ip, sp: client.port },
      },
    ]);
  });

  test('dropped on the accepted one: neither its events nor any message', async () => {
    const here = await scene(`export default ({ direction }, { drop }) => { if (direction === 'accepted') drop(); }`);
    const link = await open(here);
    await close(link);
    await eventually(() => shown(here.trace, link)).toEqual(['CONNECTED upstream', 'CLOSED upstream']);
    expect(await here.tap.metric('filter_decisions_total', { decision: 'drop' })).toBe(1);
  });

  test('dropped on the originated one: messages still go by the accepted one', async () => {
    const here = await scene(`export default ({ direction }, { drop }) => { if (direction === 'connected') drop(); }`);
    const link = await open(here);
    await close(link);
    await eventually(() => shown(here.trace, link)).toEqual(['ACCEPTED downstream', 'hello', 'CLOSED downstream']);
  });

  test('with trace_legs both, each message goes by its own connection', async () => {
    const here = await scene(`export default ({ direction }, { drop }) => { if (direction === 'connected') drop(); }`, {
      trace_legs: 'both',
    });
    const link = await open(here);
    await close(link);
    await eventually(() => shown(here.trace, link)).toEqual(['ACCEPTED downstream', 'hello', 'CLOSED downstream']);
    expect(here.trace.messages[0]?.source).toBe(link.client.address);
  });

  test('a failed dial follows the decision on the accepted connection', async () => {
    const here = await scene(`export default (_, { drop }) => drop()`);
    here.hop.stopListening();
    const other = await scene(`export default (_, { exit }) => exit()`);
    other.hop.stopListening();
    for (const { tap } of [here, other]) {
      expect(await (await dial(tap.socket)).end).toBe('rst');
    }
    await other.trace.event({ Event: 'CONNECTED', Status: 'FAILURE' });
    await eventually(() => here.tap.metric('filter_decisions_total')).toBe(1);
    expect(here.trace.packets).toEqual([]);
  });

  test('packets wait for a slow route in their order, bytes do not', async () => {
    const here = await scene(`
      import { existsSync } from 'node:fs';
      const go = new URL('go', import.meta.url);
      export default ({ direction }) => {
        while (direction === 'accepted' && !existsSync(go));
      }
    `);
    const link = await open(here);
    expect(here.trace.packets).toEqual([]);
    await writeFile(join(here.filters, 'go'), '');
    await close(link);
    await whole(here.trace, link);
    expect(shown(here.trace, link).slice(0, 3)).toEqual(ALL.slice(0, 3));
    expect(await here.tap.metric('filter_decisions_total', { decision: 'return' })).toBe(2);
  });

  test.each([
    ['throws', `export default () => { throw new Error('oops'); }`, 'throw'],
    ['is async', `export default async (_, { drop }) => drop()`, 'promise'],
    ['never ends', `export default ({ direction }) => { while (direction === 'accepted'); }`, 'timeout'],
    ['ends its thread', `export default () => process.exit(1)`, 'crash'],
  ])('a route that %s: its connections are traced', async (_, source, decision) => {
    const here = await scene(source);
    const link = await open(here);
    await close(link);
    await whole(here.trace, link);
    expect(await here.tap.metric('filter_decisions_total', { decision })).toBeGreaterThanOrEqual(1);
    expect(await here.tap.metric('filter_decisions_total')).toBe(2);
  });
});

describe('a changed module', () => {
  test('decides for the connections to come; one that does not load changes nothing', async () => {
    const here = await scene(`export default (_, { drop }) => drop()`);
    const before = await open(here);
    await here.replace('export default function route( {');
    await eventually(() => here.tap.logged('filter not reloaded, the previous one stays in force')).toBe(1);
    const between = await open(here);
    await here.replace('export default (_, { exit }) => exit()');
    await eventually(() => here.tap.logged('filter reloaded')).toBe(1);
    const after = await open(here);
    for (const link of [before, between, after]) await close(link);
    await whole(here.trace, after);
    expect([shown(here.trace, before), shown(here.trace, between)]).toEqual([[], []]);
  });
});

describe('MI msrp_trace', () => {
  test('off: not one packet more, CLOSED included; on: those that were opened while it was on are traced again', async () => {
    const here = await scene(null);
    const { tap, trace } = here;
    const [stays, closes] = [await open(here), await open(here)];
    await trace.count(6);
    expect(await tap.mi('msrp_trace')).toEqual({ 'MSRP tracing': 'on' });

    expect(await tap.mi('msrp_trace', 'off')).toBe('OK');
    expect(await tap.metric('trace_on')).toBe(0);
    await say('unseen', stays);
    await close(closes);
    const untraced = await open(here);

    await tap.mi('msrp_trace', 'on');
    await say('seen', stays);
    await say('never', untraced);
    const later = await open(here);
    for (const link of [stays, untraced, later]) await close(link);
    await whole(trace, later);
    await eventually(() => shown(trace, stays).length).toBe(6);

    expect(shown(trace, stays).toSorted()).toEqual([...ALL, 'seen'].toSorted());
    expect(shown(trace, closes)).toEqual(ALL.slice(0, 3));
    expect(shown(trace, untraced)).toEqual([]);
    expect(trace.packets).toHaveLength(6 + 3 + 5);
  });

  test('off: what waits for a session or a decision is not sent later either', async () => {
    const here = await scene(null, { correlation_wait: 60_000 });
    const { client, server } = await linkThrough(here.tap.socket, here.hop);
    await here.tap.mi('msrp_trace', 'off');
    await here.tap.mi('msrp_trace', 'on');
    const link = { client, server, chat: new Chat() };
    await say('hello', link);
    await close(link);
    await eventually(() => shown(here.trace, link).length).toBe(3);
    expect(shown(here.trace, link).toSorted()).toEqual(['CLOSED downstream', 'CLOSED upstream', 'hello']);
    // The two that waited.
    expect(await here.tap.metric('hep_packets_total', { result: 'dropped' })).toBe(2);
  });

  test('off: a message under way is not shown from its middle on', async () => {
    const here = await scene(null);
    const link = await open(here);
    const { client, server, chat } = link;
    const { head, end } = chat.open('text/plain');
    await here.tap.mi('msrp_trace', 'off');
    await carry(Buffer.concat([head, Buffer.from('begun while off')]), client, server);
    await here.tap.mi('msrp_trace', 'on');
    await carry(Buffer.concat([Buffer.from(', ended while on'), end]), client, server);
    await say('next', link);
    await close(link);
    await eventually(() => shown(here.trace, link).toSorted()).toEqual([...ALL, 'next'].toSorted());
  });

  test('off: no route is asked', async () => {
    const here = await scene(`export default (_, { drop }) => drop()`, { trace_on: 0 });
    await close(await open(here));
    expect(await here.tap.metric('filter_decisions_total')).toBe(0);
    await here.tap.mi('msrp_trace', 'on');
    await close(await open(here));
    await eventually(() => here.tap.metric('filter_decisions_total')).toBe(2);
  });
});
