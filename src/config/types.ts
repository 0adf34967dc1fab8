/** The configuration as the rest of the program sees it: every default filled in, every path absolute. */
import type { NextHop, Proto } from '../events.js';
import type { Endpoint } from '../lib/address.js';
import type { LogLevel } from '../lib/log.js';
import type { Cidr, SocketRange } from '../lib/cidr.js';
import type { ProxyProtocolOptions } from '../net/proxy-header-reader.js';
import type { ClientDomain, ServerDomain } from '../net/tls-domain.js';

export interface ListenerConfig {
  /** As written. */
  readonly socket: string;
  readonly proto: Proto;
  /** An address without brackets. */
  readonly ip: string;
  /** 0: any free one. */
  readonly port: number;
  /** Next hops, each once; or the first request of each connection names its own. */
  readonly upstream: readonly NextHop[] | 'to_path';
  readonly upstream_policy: 'ordered' | 'round_robin';
  /** null: no PROXY protocol header is read. */
  readonly proxy_protocol: ProxyProtocolOptions | null;
  /** The version of the PROXY protocol header that next hops are sent; 0: none. */
  readonly send_proxy: 0 | 1 | 2;
}

export interface HepId {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly transport: 'tcp' | 'udp' | 'tls';
}

/** All times in milliseconds. */
export interface ProtoMsrp {
  /** Without progress while there is something to send. */
  readonly send_timeout: number;
  /** 0: no limit. */
  readonly max_msg_chunks: number;
  readonly tls_handshake_timeout: number;
  readonly cert_check_on_conn_reusage: 0 | 1;
  /** Names of hep_ids. */
  readonly trace_destination: readonly string[];
  readonly trace_on: 0 | 1;
  readonly trace_filter_route: string | null;
  readonly connect_timeout: number;
  /** 0: never. */
  readonly idle_timeout: number;
  readonly half_close_timeout: number;
  readonly on_parse_error: 'close' | 'pass';
  /** 0: responses are not waited for. */
  readonly transaction_timeout: number;
  /** 1: sessions and what they carry are watched. */
  readonly sessions: 0 | 1;
  readonly trace_body: 'text' | 'full' | 'headers';
  readonly trace_legs: 'through' | 'both';
  /** Octets. */
  readonly trace_max_payload: number;
  readonly correlation_wait: number;
  readonly correlation_lifetime: number;
}

export interface HepSpool {
  /** Absolute. */
  readonly dir: string;
  /** Octets on disk for each destination, over all workers. */
  readonly max_bytes: number;
}

export interface ProtoHep {
  readonly hep_id: readonly HepId[];
  readonly hep_capture_id: number;
  readonly hep_node_name?: string;
  readonly hep_auth_key?: string;
  readonly hep_payload_type: { readonly events: number; readonly messages: number };
  /** Octets that may wait, for each destination. */
  readonly hep_queue_bytes: number;
  /** Packets in a second towards each destination, over all workers; 0: any number. */
  readonly hep_max_rate: number;
  /** Of several destinations: all get each packet, or the first that works. */
  readonly hep_policy: 'copies' | 'failover';
  /** null: packets wait in memory only. */
  readonly hep_spool: HepSpool | null;
  readonly homer5_on: 0 | 1;
  readonly homer5_delim: string;
}

export interface HepInputConfig extends Endpoint {
  readonly transport: 'udp' | 'tcp';
  /** Who may send; null: this machine. */
  readonly from: readonly Cidr[] | null;
  /** What packets must carry as their auth key; null: nothing. */
  readonly auth_key: string | null;
}

export interface MiFifo {
  /** Absolute paths. */
  readonly fifo_name: string;
  readonly reply_dir: string;
  /** Octal digits. */
  readonly fifo_mode: string;
  /** Names or numbers; null: those of the process. */
  readonly fifo_user: string | null;
  readonly fifo_group: string | null;
}

export interface MiDatagram {
  readonly socket_name: Endpoint;
  /** Milliseconds. */
  readonly socket_timeout: number;
}

/** What both HTTP ports have. */
interface HttpSection {
  readonly ip: string;
  /** The token in force, wherever it came from. */
  readonly token?: string;
  /** Absolute; null: the token came from elsewhere, if there is one. */
  readonly token_file: string | null;
  /** The name of a server_domain; null: plain HTTP. */
  readonly tls_domain: string | null;
}

export interface Prometheus extends HttpSection {
  readonly root: string;
  readonly prefix: string;
  /** null: metrics have no port of their own. */
  readonly port: number | null;
}

export interface Httpd extends HttpSection {
  readonly port: number;
  /** Names that a Host header may have, beside localhost. */
  readonly hosts: readonly string[];
  /** Of each address. */
  readonly requests_per_second: number;
}

/** Over all workers; 0 where it is allowed: no limit. */
export interface Limits {
  readonly max_connections: number;
  readonly connections_per_source: number;
  /** A second, so is the next. */
  readonly accept_rate: number;
  readonly accept_rate_per_source: number;
  /** Octets of a header section, headers of a message, URIs of a path. */
  readonly header_section: number;
  readonly headers: number;
  readonly path_uris: number;
  /** Milliseconds. */
  readonly first_byte_timeout: number;
  readonly message_timeout: number;
  /** Octets that wait for one connection, and for all. */
  readonly link_buffer: number;
  readonly buffer: number;
  readonly sessions: number;
  readonly transfers: number;
  readonly deliveries: number;
  readonly transactions: number;
  readonly correlations: number;
  /** A second, of one Reason. */
  readonly failure_events: number;
}

export interface Config {
  /** What stands in the file, for people: they are told of changes in their own words. */
  readonly written: unknown;
  /** The configuration file and its folder, absolute. */
  readonly file: string;
  readonly directory: string;
  readonly listeners: readonly ListenerConfig[];
  readonly to_path: {
    /** What may be dialled. */
    readonly allow: readonly SocketRange[];
    /** Milliseconds. */
    readonly timeout: number;
    /** Octets. */
    readonly max_bytes: number;
  };
  readonly proto_msrp: ProtoMsrp;
  readonly proto_hep: ProtoHep;
  /** null: SIP is listened to nowhere. */
  readonly hep_input: HepInputConfig | null;
  readonly tls_mgm: {
    /** In the order of the file, which decides among those that match equally well. */
    readonly server_domain: Readonly<Record<string, ServerDomain>>;
    readonly client_domain: Readonly<Record<string, ClientDomain>>;
  };
  readonly httpd: Httpd;
  readonly mi_http: { readonly root: string };
  /** null: there is none. */
  readonly mi_fifo: MiFifo | null;
  readonly mi_datagram: MiDatagram | null;
  readonly prometheus: Prometheus;
  /** The folder of the filter modules, absolute. */
  readonly filters: string;
  readonly limits: Limits;
  readonly drain_timeout: number;
  /** Processes that carry traffic. 1: this one does; more: a control process has them, and carries none itself. */
  readonly workers: number;
  readonly log: { readonly level: LogLevel };
}
