// filters/msrp_filter.js: the document's example
export default function msrp_filter({ si, sp, socket_in }, { drop, exit }) {
  if (si === '1.1.1.1' && sp === 8000 && socket_in.ip === '1.1.1.10' && socket_in.port === 5060) exit();
  else drop();
}
