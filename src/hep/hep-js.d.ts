/** The part of hep-js 1.0.22 that packet.ts uses; the library ships no types. */
declare module 'hep-js' {
  /** All strings ASCII: hep-js sizes a chunk by the string's length and fills it with UTF-8. */
  interface PacketInfo {
    protocolFamily: number;
    protocol: number;
    /** IPv4 in dotted form. */
    srcIp: string;
    dstIp: string;
    srcPort: number;
    dstPort: number;
    timeSeconds: number;
    timeUseconds: number;
    payloadType: number;
    captureId: number;
    hepNodeName?: string;
    capturePass?: string;
    correlation_id: string;
  }
  const hepJs: { encapsulate(payload: string, info: PacketInfo): Buffer };
  export = hepJs;
}
