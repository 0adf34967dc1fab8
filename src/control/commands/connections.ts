/** OpenSIPS' list_tcp_conns. */
import type { ConnectionRow, LinkRow } from '../link-rows.js';
import { fault, invalidParams, ok, textOf, type Command, type MiResponse } from '../mi-command.js';
import { missingWorkers, type Control } from './control.js';

/** More than limits.max_connections by default; a bound, for it may be set higher. */
const MAX_LINKS = 10_000;

/** OpenSIPS' S_CONN_OK: what is still being connected is no connection here. */
const STATE_OK = 0;

const PROTOS: Readonly<Record<string, readonly string[]>> = {
  any: ['msrp', 'msrps'],
  msrp: ['msrp'],
  msrps: ['msrps'],
};

export function connectionCommands(control: Control): readonly Command[] {
  const list = async (protos: readonly string[]): Promise<MiResponse> => {
    const { told, missing } = await control.links({ count: MAX_LINKS, after: null });
    const latest = lifetime(control);
    const connections = told.rows.flatMap(connectionsOf).filter(({ row }) => protos.includes(row.proto));
    return ok({
      Connections: connections.map(({ id, row }) => ({
        ID: id,
        Type: row.proto,
        State: STATE_OK,
        Remote: row.far,
        Local: row.near,
        Lifetime: latest,
        // What releases before 3.0 call them.
        Source: row.far,
        Destination: row.near,
      })),
      ...missingWorkers(missing),
    });
  };
  return [
    {
      names: ['list_tcp_conns'],
      recipes: [
        { params: [], run: () => list(['msrp', 'msrps']) },
        {
          params: ['proto'],
          run: (value) => {
            const proto = textOf(value)?.toLowerCase();
            if (proto === undefined) return invalidParams();
            const protos = Object.hasOwn(PROTOS, proto) ? PROTOS[proto] : undefined;
            return protos === undefined ? fault(400, 'Bad protocol') : list(protos);
          },
        },
      ],
    },
  ];
}

function connectionsOf({ id, downstream, upstream }: LinkRow): { readonly id: string; readonly row: ConnectionRow }[] {
  const accepted = { id: `${id}/downstream`, row: downstream };
  return upstream === null ? [accepted] : [accepted, { id: `${id}/upstream`, row: upstream }];
}

/** As in OpenSIPS, when it is closed if nothing passes: at the latest, if nothing does from now on. */
function lifetime({ idleTimeout, now = () => new Date() }: Control): string {
  if (idleTimeout === 0) return 'unlimited';
  const end = new Date(now().getTime() + idleTimeout);
  const date = [end.getFullYear(), two(end.getMonth() + 1), two(end.getDate())].join('-');
  return `${date} ${end.toTimeString().slice(0, 8)}`;
}

function two(figure: number): string {
  return String(figure).padStart(2, '0');
}
