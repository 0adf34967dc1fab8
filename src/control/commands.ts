/** The MI commands, one entry each, named and answering as in OpenSIPS. */
import { arch, platform } from 'node:os';
import { MsrptapError } from '../lib/errors.js';
import { commandTable, fault, invalidParams, ok, textOf, type Command, type CommandTable } from './mi-command.js';

/** What the commands act on. */
export interface Control {
  readonly trace: { readonly on: boolean; set(on: boolean): void | Promise<void> };
  readonly startedAt: Date;
  /** Of this program, as in package.json. */
  readonly version: string;
  readonly now?: () => Date;
}

export function miCommands(control: Control): CommandTable {
  const table = commandTable([msrpTrace(control), which(() => table), uptime(control), version(control)]);
  return table;
}

function msrpTrace({ trace }: Control): Command {
  return {
    names: ['msrp_trace', 'msrp:trace'],
    recipes: [
      { params: [], run: () => ok({ 'MSRP tracing': trace.on ? 'on' : 'off' }) },
      {
        params: ['trace_mode'],
        run: async (value) => {
          const mode = textOf(value)?.toLowerCase();
          if (mode === undefined) return invalidParams();
          if (mode !== 'on' && mode !== 'off') return invalidParams("trace_mode should be 'on' or 'off'");
          try {
            await trace.set(mode === 'on');
            return ok();
          } catch (error) {
            if (error instanceof MsrptapError) return fault(-32000, 'Server error', error.message);
            throw error;
          }
        },
      },
    ],
  };
}

/** opensips-cli calls it first, to learn which commands there are; with a command, it tells that one's parameters. */
function which(table: () => CommandTable): Command {
  return {
    names: ['which'],
    recipes: [
      { params: [], run: () => ok([...table().keys()]) },
      {
        params: ['command'],
        run: (value) => {
          const name = textOf(value);
          if (name === null) return invalidParams();
          const command = table().get(name);
          if (command !== undefined) return ok(command.recipes.map((recipe) => recipe.params));
          const ofModule = name.endsWith(':') ? [...table().keys()].filter((other) => other.startsWith(name)) : [];
          return ofModule.length === 0 ? fault(404, 'unknown MI command') : ok(ofModule);
        },
      },
    ],
  };
}

function uptime({ startedAt, now = () => new Date() }: Control): Command {
  return {
    names: ['uptime'],
    recipes: [
      {
        params: [],
        run: () => {
          const time = now();
          const seconds = Math.max(0, Math.floor(time.getTime() / 1_000) - Math.floor(startedAt.getTime() / 1_000));
          return ok({ Now: ctime(time), 'Up since': ctime(startedAt), 'Up time': `${seconds} [sec]` });
        },
      },
    ],
  };
}

function version(control: Control): Command {
  const Server = `msrptap (${control.version} (${arch()}/${platform()}))`;
  return { names: ['version'], recipes: [{ params: [], run: () => ok({ Server }) }] };
}

/** As ctime(3) writes local time: "Thu Aug  6 16:15:26 2026". */
function ctime(time: Date): string {
  const date = time.toDateString();
  const day = String(time.getDate()).padStart(2);
  return `${date.slice(0, 7)} ${day} ${time.toTimeString().slice(0, 8)} ${date.slice(11)}`;
}
