import { Histogram } from 'prom-client';
import type { Samples } from './figures.js';

/** As prom-client's registry writes it. */
interface Value {
  readonly metricName: string;
  readonly labels: Record<string, string>;
  readonly sharedLabels: Record<string, string>;
  readonly value: number;
}

/**
 * A histogram whose figures are counted elsewhere. One of prom-client's can only be filled observation by observation,
 * so this one tells the registry its values itself.
 */
export class FigureHistogram extends Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #samples: () => Samples;

  /** @param samples each with the label `part`: `bucket` (and `le`), `sum` or `count` */
  constructor(name: string, help: string, samples: () => Samples) {
    super({ name, help, registers: [] });
    this.#name = name;
    this.#help = help;
    this.#samples = samples;
  }

  /** What the registry asks histograms for, and what their `get` is made of. */
  getForPromString(): Promise<object> {
    const values = Array.from(this.#samples(), ([{ part = '', ...sharedLabels }, value]): Value => ({
      metricName: `${this.#name}_${part}`,
      labels: {},
      sharedLabels,
      value,
    }));
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values });
  }
}
