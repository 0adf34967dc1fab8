import { describe, expect, test } from 'vitest';
import { countersOf, merged } from '#src/control/figures.js';

const homer = { destination: 'homer' };
const sent = { ...homer, result: 'sent' };

describe('the figures of several processes as one', () => {
  test('are added series by series', () => {
    const one = {
      bytes_total: [
        [{ direction: 'up' }, 5],
        [{ direction: 'down' }, 1],
      ],
    } as const;
    const two = { bytes_total: [[{ direction: 'up' }, 7]] } as const;
    expect(merged([one, two])['bytes_total']).toEqual([
      [{ direction: 'up' }, 12],
      [{ direction: 'down' }, 1],
    ]);
  });

  test('but for hep_connected, which tells whether all are', () => {
    const figures = (connected: number) => ({ hep_connected: [[homer, connected]] }) as const;
    expect(merged([figures(1), figures(0), figures(1)])['hep_connected']).toEqual([[homer, 0]]);
    expect(merged([figures(1), figures(1)])['hep_connected']).toEqual([[homer, 1]]);
  });

  test('and for the expiry of certificates, of which the earliest counts', () => {
    const name = 'tls_certificate_expiry_timestamp_seconds';
    const labels = { side: 'server', domain: 'public' };
    const client = { side: 'client', domain: 'public' };
    const one = { [name]: [[labels, 2_000] as const, [client, 5] as const] };
    const two = { [name]: [[labels, 1_000] as const] };
    expect(merged([one, two, one])[name]).toEqual([
      [labels, 1_000],
      [client, 5],
    ]);
  });

  test('histograms bucket by bucket, which are kept of one that has ended', () => {
    const name = 'transaction_duration_seconds';
    const figures = (below: number, all: number, sum: number) => ({
      [name]: [
        [{ method: 'SEND', part: 'bucket', le: '0.1' }, below] as const,
        [{ method: 'SEND', part: 'bucket', le: '+Inf' }, all] as const,
        [{ method: 'SEND', part: 'sum' }, sum] as const,
        [{ method: 'SEND', part: 'count' }, all] as const,
      ],
    });
    const all = merged([countersOf(figures(1, 3, 0.5)), figures(2, 2, 0.25)]);
    expect(all[name]).toEqual(figures(3, 5, 0.75)[name]);
  });

  test('keep the counters of one that has ended, and not its gauges', () => {
    const ended = { hep_packets_total: [[sent, 3]], hep_queue_bytes: [[homer, 512]] } as const;
    const living = { hep_packets_total: [[sent, 1]], hep_queue_bytes: [[homer, 8]] } as const;
    const all = merged([countersOf(ended), living]);
    expect(all['hep_packets_total']).toEqual([[sent, 4]]);
    expect(all['hep_queue_bytes']).toEqual([[homer, 8]]);
  });
});
