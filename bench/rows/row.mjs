/**
 * A row of the bench: a proxy that is started, loaded and measured like all others.
 *
 * @typedef {object} Row
 * @property {string} name unique; as the table shows it
 * @property {(setting: Setting) => Promise<Proxy>} start
 *
 * @typedef {object} Setting what a row may use
 * @property {import('../processes.mjs').Processes} processes
 * @property {number} upstreamPort of the endpoint, on 127.0.0.1
 * @property {string} folder for files; removed at the end
 *
 * @typedef {object} Proxy
 * @property {number} pid whose CPU time counts
 * @property {number} port where it takes MSRP, on 127.0.0.1
 * @property {(exchanges: number) => Promise<void>} settle resolves when nothing is left to do for the exchanges since the
 *   start
 * @property {(exchanges: number) => Promise<void>} end after all links were closed; throws when the counts do not add up
 */
export {};
