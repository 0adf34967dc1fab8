import { ConfigError, parseConfig, type Config, type ConfigProblem } from '#src/config.js';

/** The least that a configuration has. */
export const LEAST = 'listeners: [{ socket: "msrp:127.0.0.1:0", upstream: "msrp:127.0.0.1:2856" }]\n';

/** Parses {@link LEAST} and what is added to it. */
export function configWith(yaml: string): Config {
  return parseConfig(LEAST + yaml, '/etc/msrptap/msrptap.yaml');
}

/** The one thing that is wrong with what is added to {@link LEAST}; an error when there are more, or none. */
export function problemWith(yaml: string): ConfigProblem {
  const [problem, ...others] = problemsOf(LEAST + yaml);
  if (problem === undefined || others.length > 0)
    throw new Error(`${others.length + (problem ? 1 : 0)} problems, not one`);
  return problem;
}

/** What is wrong with a configuration, each as `path: message`. */
export function problemsOf(yaml: string, file = '/etc/msrptap/msrptap.yaml'): ConfigProblem[] {
  try {
    parseConfig(yaml, file);
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    throw error;
  }
  return [];
}
