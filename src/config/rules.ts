/** What must fit together across sections. A rule runs when the sections it reads are sound, whatever the others are. */
import { fifosHaveRoom, routeHasFile, spoolHasRoom } from './rules/files.js';
import { destinationsExist, hepNamesDiffer } from './rules/hep.js';
import {
  httpDomainsExist,
  metricsPortIsOne,
  oneToken,
  rootsDiffer,
  tokenGuardsHttpd,
  tokenIsSound,
} from './rules/http.js';
import { toPathHasRanges, upstreamsDiffer } from './rules/next-hops.js';
import type { Rule } from './rules/rule.js';
import { buffersFit, connectionsFit, spoolIsShared } from './rules/shares.js';
import { datagramSocketsDiffer, msrpsHasCertificate, rangesGuardHepInput, socketsDiffer } from './rules/sockets.js';
import type { Environment } from './token.js';

/** The rules of the text. */
const TEXT_RULES: readonly Rule[] = [
  socketsDiffer,
  datagramSocketsDiffer,
  rangesGuardHepInput,
  upstreamsDiffer,
  toPathHasRanges,
  msrpsHasCertificate,
  hepNamesDiffer,
  destinationsExist,
  oneToken,
  metricsPortIsOne,
  httpDomainsExist,
  spoolIsShared,
  buffersFit,
  rootsDiffer,
];

/** The rules of the text alone, whatever there is on this machine. */
export const RULES: readonly Rule[] = [...TEXT_RULES, tokenGuardsHttpd({})];

/** And those of the machine: files, limits, the environment. */
export function machineRules(directory: string, environment: Environment): readonly Rule[] {
  return [
    ...TEXT_RULES,
    routeHasFile(directory),
    fifosHaveRoom(directory),
    spoolHasRoom(directory),
    connectionsFit,
    tokenGuardsHttpd(environment),
    tokenIsSound(directory, environment),
  ];
}
