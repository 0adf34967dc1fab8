/** OpenSIPS' tls_mgm. */
import { ok, type Command } from '../mi-command.js';
import { changed, type Control, type TlsDomainFacts } from './control.js';

export function tlsCommands(control: Control): readonly Command[] {
  const list = () => {
    const { tlsDomains } = control;
    const clients = tlsDomains.filter(({ kind }) => kind === 'client_domain');
    const servers = tlsDomains.filter(({ kind }) => kind === 'server_domain');
    return ok({ Domains: [...clients, ...servers].map(domainOf) });
  };
  return [
    { names: ['tls_list', 'tls_mgm:list'], recipes: [{ params: [], run: list }] },
    {
      names: ['tls_reload', 'tls_mgm:reload'],
      recipes: [{ params: [], run: () => changed(() => control.reloadCertificates()) }],
    },
  ];
}

function domainOf(domain: TlsDomainFacts): Readonly<Record<string, unknown>> {
  return {
    name: domain.name,
    type: domain.kind === 'server_domain' ? 'TLS_DOMAIN_SRV' : 'TLS_DOMAIN_CLI',
    'IP ADDRESS FILTERS': domain.addresses,
    'SIP DOMAIN FILTERS': domain.names,
    METHOD: domain.method,
    VERIFY_CERT: domain.verifyCert,
    REQ_CLI_CERT: domain.requireCert,
    CRL_CHECKALL: domain.crlCheckAll,
    CERT_FILE: domain.certificate,
    CRL_DIR: domain.crlDir,
    CA_FILE: domain.caList,
    CA_DIR: domain.caDir,
    PKEY_FILE: domain.privateKey,
    CIPHER_LIST: domain.ciphers,
    DH_PARAMS_FILE: domain.dhParams,
    EC_CURVE: domain.ecCurve,
  };
}
