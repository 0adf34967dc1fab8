export { changesBetween, type ConfigChange } from './config/changes.js';
export type { Config, HepId, HepInputConfig, ListenerConfig, ProtoHep, ProtoMsrp } from './config/types.js';
export { ConfigError, formatProblem, type ConfigProblem } from './config/problems.js';
export { configJsonSchema } from './config/schema.js';
export { parseConfig, readConfig } from './config/read.js';
export { EXPIRY_METRIC, listTlsDomains, type TlsDomainInfo } from './config/tls-list.js';
