/** The metrics as Prometheus sees them, all of them. docs/metrics.md says what each is good for. */
import { CONNECTION_FAMILIES } from './families/connection-families.js';
import type { TrafficFamily } from './families/family.js';
import { LIMIT_FAMILIES } from './families/limit-families.js';
import { MESSAGE_FAMILIES } from './families/message-families.js';
import { PROCESS_FAMILIES } from './families/process-families.js';
import { SESSION_FAMILIES } from './families/session-families.js';
import { TRACING_FAMILIES } from './families/tracing-families.js';

export { CONTROL_FAMILIES } from './families/control-families.js';
export type { ControlFamily, TrafficFamily } from './families/family.js';
export type {
  ControlSources,
  CorrelationFigures,
  HepFigures,
  ReloadFigures,
  TrafficSources,
  UpstreamFigures,
} from './families/sources.js';

export const TRAFFIC_FAMILIES: readonly TrafficFamily[] = [
  ...CONNECTION_FAMILIES,
  ...MESSAGE_FAMILIES,
  ...SESSION_FAMILIES,
  ...TRACING_FAMILIES,
  ...LIMIT_FAMILIES,
  ...PROCESS_FAMILIES,
];
