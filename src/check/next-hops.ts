import type { Config } from '../config.js';
import { inRanges, type Cidr } from '../lib/cidr.js';

/** Ranges shorter than this hold most of what there is. */
const NARROWEST = 8;
const LOOPBACK = ['127.0.0.1', '::1'];

/** Clients that decide too much: where they are taken, and whom they say they are. */
export function nextHopRisks(config: Config): string[] {
  return [...toPathRisks(config), ...headerRisks(config)];
}

function toPathRisks({ listeners, to_path }: Config): string[] {
  if (!listeners.some(({ upstream }) => upstream === 'to_path')) {
    return to_path.allow.length === 0
      ? []
      : ['to_path.allow: no listener has upstream: to_path, so it has no effect; set one, or leave to_path out'];
  }
  const wide = to_path.allow.filter(({ prefix }) => prefix < NARROWEST);
  const loopback = to_path.allow.filter((range) => LOOPBACK.some(inRanges([range])) && !wide.includes(range));
  return [
    ...wide.map(
      (range) =>
        `to_path.allow: ${show(range)} lets clients reach nearly any host through msrptap; name the networks of your next hops`,
    ),
    ...loopback.map(
      (range) =>
        `to_path.allow: ${show(range)} lets clients reach services of this machine that listen on loopback; leave it out, or name one port`,
    ),
  ].filter((risk, index, all) => all.indexOf(risk) === index);
}

function headerRisks({ listeners }: Config): string[] {
  return listeners.flatMap(({ proxy_protocol }, index) =>
    (proxy_protocol?.from ?? [])
      .filter(({ prefix }) => prefix < NARROWEST)
      .map(
        (range) =>
          `listeners[${index}].proxy_protocol.from: ${show(range)} lets nearly anybody say that they are somebody else; name the addresses of your load balancers`,
      ),
  );
}

function show({ ip, prefix }: Cidr): string {
  return `${ip}/${prefix}`;
}
