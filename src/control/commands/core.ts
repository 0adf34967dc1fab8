/** OpenSIPS' commands about the program itself. */
import { arch, platform } from 'node:os';
import { fault, invalidParams, ok, textOf, type Command, type CommandTable } from '../mi-command.js';
import type { Control } from './control.js';

export function coreCommands(control: Control, table: () => CommandTable): readonly Command[] {
  return [which(table), uptime(control), version(control), ps(control)];
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

function ps(control: Control): Command {
  const run = () => ok({ Processes: control.processes().map(({ pid, type }, ID) => ({ ID, PID: pid, Type: type })) });
  return { names: ['ps'], recipes: [{ params: [], run }] };
}

/** As ctime(3) writes local time: "Thu Aug  6 16:15:26 2026". */
function ctime(time: Date): string {
  const date = time.toDateString();
  const day = String(time.getDate()).padStart(2);
  return `${date.slice(0, 7)} ${day} ${time.toTimeString().slice(0, 8)} ${date.slice(11)}`;
}
