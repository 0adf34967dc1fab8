/** Process: HEP packets of a SEND, made and thrown away. Answers: msrptap SECONDS and hepJs SECONDS, with the packets a second. */
import { Buffer } from 'node:buffer';
import hepJs from 'hep-js';
import { PacketTemplates } from '#src/hep/packet.js';
import { send, textBody } from './messages.mjs';
import { serve } from './serve.mjs';

const PATHS = {
  to: 'msrp://endpoint.example.com:2855/endpoint-session-0001;tcp',
  from: 'msrp://client.example.com:49154/client-session-0001;tcp',
};
const TEXT = send('bench0001w0', PATHS, textBody(1_024));
const BYTES = Buffer.from(TEXT, 'latin1');
const CORRELATION_ID = 'endpoint-session-0001';
const SOURCE = { ip: '192.0.2.1', port: 49_154 };
const DESTINATION = { ip: '192.0.2.2', port: 2_855 };
const PAYLOAD_TYPE = 100;
const CAPTURE_ID = 1;
const AF_INET = 2;
const IPPROTO_TCP = 6;
const MICROS_PER_SECOND = 1_000_000;

/** Packets between two looks at the clock. */
const STRETCH = 1_000;

const flow = new PacketTemplates({ captureId: CAPTURE_ID }).flow(PAYLOAD_TYPE, SOURCE, DESTINATION);
const slab = Buffer.alloc(65_536);
const now = Date.now() * 1_000;

/** @param {number} seconds @param {(micros: number) => void} make */
function packetsPerSecond(seconds, make) {
  const start = performance.now();
  let packets = 0;
  let elapsed = 0;
  while (elapsed < seconds) {
    for (const end = packets + STRETCH; packets < end; packets += 1) make(now + packets);
    elapsed = (performance.now() - start) / 1_000;
  }
  return [packets / elapsed];
}

serve(0, {
  msrptap: (seconds) =>
    packetsPerSecond(Number(seconds), (micros) => flow.write(slab, 0, micros, CORRELATION_ID, BYTES)),
  hepJs: (seconds) =>
    packetsPerSecond(Number(seconds), (micros) =>
      hepJs.encapsulate(TEXT, {
        protocolFamily: AF_INET,
        protocol: IPPROTO_TCP,
        srcIp: SOURCE.ip,
        dstIp: DESTINATION.ip,
        srcPort: SOURCE.port,
        dstPort: DESTINATION.port,
        timeSeconds: Math.floor(micros / MICROS_PER_SECOND),
        timeUseconds: micros % MICROS_PER_SECOND,
        payloadType: PAYLOAD_TYPE,
        captureId: CAPTURE_ID,
        correlation_id: CORRELATION_ID,
      }),
    ),
});
