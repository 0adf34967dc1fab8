/** The times of the destinations, in ms. Tests use shorter ones. */
export interface Timing {
  /** Name, TCP and TLS together. */
  readonly connectTimeout: number;
  /** First and last ceiling of the wait before another attempt. */
  readonly backoffMin: number;
  readonly backoffMax: number;
  /** A connection that stood for so long starts the back-off anew; one that is closed at once does not. */
  readonly lived: number;
  /** Silence after which a keep-alive packet is sent: Homer 11 closes idle connections, firewalls forget them. */
  readonly keepAlive: number;
  /**
   * A receiver that takes nothing for so long, while there is something to send, gets a new connection: behind a black
   * hole the kernel would wait a quarter of an hour, and another address of the name may answer.
   */
  readonly stall: number;
  /** What the end of a connection may take when msrptap stops. */
  readonly closeTimeout: number;
  /** How often the name of a UDP destination is looked up: nothing else would tell that its address changed. */
  readonly resolveInterval: number;
  /** The same after an error, which may come of a changed address. */
  readonly resolveAfterError: number;
  /** Packets that go through for so long mean that dropping (or failing) has ended. */
  readonly quiet: number;
}

export const DEFAULT_TIMING: Timing = {
  connectTimeout: 5_000,
  backoffMin: 100,
  backoffMax: 30_000,
  lived: 5_000,
  keepAlive: 30_000,
  stall: 60_000,
  closeTimeout: 1_000,
  resolveInterval: 60_000,
  resolveAfterError: 5_000,
  quiet: 5_000,
};
