/** Writes HEPv3 from the specification, without src/hep. */
import { BlockList, isIPv6 } from 'node:net';

export interface PacketParts {
  /** `ip` and port of both ends; IPv6 as 32 hex digits in `hex`. */
  readonly source?: Address;
  readonly destination?: Address;
  readonly seconds?: number;
  readonly microseconds?: number;
  readonly type?: number;
  readonly captureId?: number;
  readonly nodeName?: string;
  readonly authKey?: string;
  readonly correlationId?: string;
  readonly payload?: string | Buffer;
}
