import { miCommands } from '#src/control/commands.js';
import { HttpServer, type HttpServerOptions } from '#src/control/http.js';
import { silentLog } from '#src/lib/log.js';
import { onTestFinished } from 'vitest';
import { fakeControl } from './control.js';

export interface RunningServer {
  readonly server: HttpServer;
  readonly port: number;
}

/** A server on a free port of loopback, closed when the test ends. */
export async function startServer(options: Partial<HttpServerOptions> = {}): Promise<RunningServer> {
  const server = new HttpServer({
    commands: miCommands(fakeControl()),
    scrape: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'up 1\n' }),
    log: silentLog,
    ...options,
  });
  const { port } = await server.listen('127.0.0.1', 0);
  onTestFinished(async () => server.close());
  return { server, port };
}
