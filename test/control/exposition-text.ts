/** A reader of Prometheus' text format 0.0.4, strict about what a scraper is strict about. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Exposed {
  readonly samples: readonly Sample[];
  readonly types: ReadonlyMap<string, string>;
  readonly help: ReadonlyMap<string, string>;
}

const COMMENT = /^# (?<kind>HELP|TYPE) (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>.+)$/;
// prom-client writes "Nan", which Prometheus takes.
const SAMPLE = /^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>.*)\})? (?<value>[-+]?(?:[0-9.eE+-]+|Inf)|[Nn]a[Nn])$/;
const LABEL = /(?<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>(?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;
const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary']);

/** @throws when the text breaks the format: a line of no kind, a name declared twice, a series told twice */
export function readExposition(text: string): Exposed {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const types = new Map<string, string>();
  const help = new Map<string, string>();
  const samples = new Map<string, Sample>();
  for (const line of text.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('#')) readComment(line, types, help);
    else readSample(line, samples);
  }
  return { samples: [...samples.values()], types, help };
}

function readComment(line: string, types: Map<string, string>, help: Map<string, string>): void {
  const { kind, name = '', text = '' } = COMMENT.exec(line)?.groups ?? {};
  const into = kind === 'TYPE' ? types : help;
  if (kind === undefined || into.has(name)) throw new Error(`not a comment, or the second one: ${line}`);
  if (kind === 'TYPE' && !TYPES.has(text)) throw new Error(`no type: ${line}`);
  into.set(name, text);
}

function readSample(line: string, samples: Map<string, Sample>): void {
  const groups = SAMPLE.exec(line)?.groups;
  if (groups === undefined) throw new Error(`not a sample: ${line}`);
  const { name = '', labels = '', value = '' } = groups;
  const sample = { name, labels: readLabels(labels), value: Number(value.replace('Inf', 'Infinity')) };
  const key = seriesOf(sample);
  if (samples.has(key)) throw new Error(`told twice: ${line}`);
  samples.set(key, sample);
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const at = LABEL.lastIndex;
    const { name = '', value = '' } = LABEL.exec(text)?.groups ?? {};
    if (name === '' || name in labels) throw new Error(`not a label at ${at} of ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return labels;
}

/** What tells a series from all others. */
export function seriesOf({ name, labels }: Sample): string {
  return `${name} ${JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)))}`;
}
