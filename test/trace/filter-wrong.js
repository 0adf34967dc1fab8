// A filter with a mistake, for filter-examples.test.ts: there is no source_ip.
/** @type {import('msrptap/filter').Route} */
export default function wrong({ source_ip }, { drop }) {
  if (source_ip === '10.0.0.7') drop();
}
