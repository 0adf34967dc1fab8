/** A trace_filter_route as the module that stands for it: the cfg's lines as comments, to be written in JavaScript. */
import { printable } from '../lib/printable.js';
import type { CfgRoute } from './cfg-statements.js';

/** Lines of a body that are quoted, and characters of a line. */
const MAX_LINES = 200;
const MAX_LINE = 400;

const NAME = /^[A-Za-z_]\w*$/;

/** Words that name no function in a module [ECMA-262 §12.7.2, §13.1.1]. */
const RESERVED: ReadonlySet<string> = new Set(
  `arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof var void while with yield`.split(/\s+/),
);

/** The lines of the module. It traces nothing until somebody has written what the route says. */
export function routeSkeleton({ name, body }: CfgRoute): string[] {
  return [
    '// $si, $sp: si, sp; $socket_in(ip), $socket_in(port): socket_in.ip, socket_in.port; drop: drop(); exit: exit()',
    `// route[${printable(name, MAX_LINE)}] of opensips.cfg:`,
    ...bodyLines(body).map((line) => `//   ${line}`.trimEnd()),
    `export default function ${isIdentifier(name) ? name : 'route'}({ si, sp, socket_in }, { drop, exit }) {`,
    '  drop(); // nothing is traced until what the route says stands here',
    '}',
  ];
}

function bodyLines(body: string): string[] {
  const lines = body.split(/\r?\n/);
  while (lines.length > 0 && lines[0]?.trim() === '') lines.shift();
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop();
  const shown = lines.slice(0, MAX_LINES).map((line) => printable(line.replaceAll('\t', '  '), MAX_LINE));
  const margin = Math.min(...shown.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  const rest = lines.length > MAX_LINES ? [`… and ${lines.length - MAX_LINES} lines more`] : [];
  return [...shown.map((line) => line.slice(Number.isFinite(margin) ? margin : 0)), ...rest];
}

/** Whether it can name a function of a module. */
function isIdentifier(name: string): boolean {
  return NAME.test(name) && !RESERVED.has(name);
}
