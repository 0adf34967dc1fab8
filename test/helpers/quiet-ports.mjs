// @ts-check
/**
 * Below 32768 the kernel gives no port to those who ask for any (net.ipv4.ip_local_port_range): so neither a server of another
 * test nor a client has one a moment after its server was stopped.
 */
export const QUIET_PORTS = { from: 12_000, to: 32_000 };
