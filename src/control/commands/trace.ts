/** What is traced, and where it goes. */
import { fault, invalidParams, ok, textOf, wholeNumber, type Command, type MiResponse } from '../mi-command.js';
import { changed, missingWorkers, type Control } from './control.js';

export function traceCommands(control: Control): readonly Command[] {
  return [msrpTrace(control), traceForAWhile(control), reloadFilters(control), destinations(control)];
}

function msrpTrace({ trace }: Control): Command {
  return {
    names: ['msrp_trace', 'msrp:trace'],
    recipes: [
      { params: [], run: () => ok({ 'MSRP tracing': trace.on ? 'on' : 'off' }) },
      {
        params: ['trace_mode'],
        run: (value) => {
          const mode = textOf(value)?.toLowerCase();
          if (mode === undefined) return invalidParams();
          if (mode !== 'on' && mode !== 'off') return invalidParams("trace_mode should be 'on' or 'off'");
          return changed(() => trace.set(mode === 'on'));
        },
      },
    ],
  };
}

/** An address or a session-id. */
const TARGET = /^[\x21-\x7e]{1,255}$/;
/** Seconds: long enough to have somebody try again, and over before it is forgotten. */
const FOR_A_WHILE = 60;

/** What one does in the middle of an incident: one address or session is traced, while tracing is off. */
function traceForAWhile(control: Control): Command {
  const start = (target: unknown, seconds: unknown): MiResponse | Promise<MiResponse> => {
    const { spots } = control;
    if (spots === null) return fault(400, 'Not possible', 'proto_msrp.trace_destination is not set');
    const name = textOf(target);
    if (name === null || !TARGET.test(name)) return invalidParams('target should be an address or a session-id');
    const time = wholeNumber(seconds);
    if (time === null || time > spots.longest) {
      return invalidParams(`seconds should be a whole number from 0 to ${spots.longest}`);
    }
    const { times, most } = spots;
    if (times.length >= most && times.every((other) => other.target !== name)) {
      return fault(400, 'Not possible', `${most} are traced already; end one with seconds 0`);
    }
    return changed(() => spots.set(name, time));
  };
  return {
    names: ['msrptap:trace'],
    recipes: [
      {
        params: [],
        run: () =>
          ok({
            Traces: (control.spots?.times ?? []).map(({ target, seconds }) => ({
              Target: target,
              'Seconds left': Math.ceil(seconds),
            })),
          }),
      },
      { params: ['target'], run: (target) => start(target, FOR_A_WHILE) },
      { params: ['target', 'seconds'], run: start },
    ],
  };
}

function reloadFilters(control: Control): Command {
  const run = (): MiResponse | Promise<MiResponse> => {
    const { reloadFilters: reload } = control;
    if (reload === null) return fault(400, 'Not possible', 'proto_msrp.trace_filter_route is not set');
    return changed(reload);
  };
  return { names: ['msrptap:reload_filters'], recipes: [{ params: [], run }] };
}

function destinations(control: Control): Command {
  const run = async (): Promise<MiResponse> => {
    const { told, missing } = await control.destinations();
    return ok({
      Destinations: told.map((row) => ({
        Name: row.name,
        Transport: row.transport,
        Address: row.address,
        Connected: row.connected,
        Sent: row.sent,
        Dropped: row.dropped,
        Failed: row.failed,
        Maybe: row.maybe,
        'Queued packets': row.queuePackets,
        'Queued bytes': row.queueBytes,
        ...(row.spool === null ? {} : { 'Spooled packets': row.spool.packets, 'Spooled bytes': row.spool.bytes }),
      })),
      ...missingWorkers(missing),
    });
  };
  return { names: ['msrptap:destinations'], recipes: [{ params: [], run }] };
}
