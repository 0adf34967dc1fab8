/**
 * What the modules of OpenSIPS have by the same name and meaning, with its default there ('' for none): of 3.4 to 4.1, from
 * their documentation and the tables of parameters in their sources.
 *
 * @type {Readonly<Record<string, Readonly<Record<string, string>>>>}
 */
export const OPENSIPS_PARAMETERS = {
  proto_msrp: {
    send_timeout: '100',
    max_msg_chunks: '4',
    tls_handshake_timeout: '100',
    cert_check_on_conn_reusage: '0',
    trace_destination: '',
    trace_on: '0',
    trace_filter_route: '',
  },
  proto_hep: { hep_id: '', hep_capture_id: '1', homer5_on: '1', homer5_delim: '":"' },
  tls_mgm: {
    server_domain: '',
    client_domain: '',
    match_ip_address: '"*"',
    match_sip_domain: '"*"',
    tls_method: '"SSLv23"',
    certificate: '"CFG_DIR/tls/cert.pem"',
    private_key: '"CFG_DIR/tls/ckey.pem"',
    ca_list: '',
    ca_dir: '"/etc/pki/CA/"',
    crl_dir: '',
    crl_check_all: '0',
    ciphers_list: "OpenSSL's",
    dh_params: '',
    ec_curve: '',
    verify_cert: '1',
    require_cert: '1',
  },
  httpd: { ip: 'every address', port: '8888' },
  mi_http: { root: '"mi"' },
  mi_fifo: { fifo_name: '', fifo_mode: '0660', fifo_user: '', fifo_group: '', reply_dir: '"/tmp/"' },
  mi_datagram: {
    socket_name: '',
    socket_timeout: '2000',
    unix_socket_mode: '0660',
    unix_socket_user: '',
    unix_socket_group: '',
  },
  prometheus: { root: '"metrics"', prefix: '"opensips"' },
};
