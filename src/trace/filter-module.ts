/**
 * The contract of a filter module, published as `msrptap/filter`. A module in JavaScript uses it with
 * `@type {import('msrptap/filter').Route}`, or `.MessageRoute` for its export `message`.
 */
export type { Route, RouteControl, RouteInput } from './filter-route.js';
export type { FilteredMessage, MessageChange, MessageControl, MessageRoute } from './filter-message.js';
