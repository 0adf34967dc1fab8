/**
 * Overwrites what was read as soon as the call that told of it is over: whoever still has a view of it then passes on or
 * mirrors rubbish. A set-up file of the tests, and imported into every msrptap that they start.
 */
import { SlabSocket } from '#src/net/slab-socket.js';

const POISON = 0xd5;

const onBytes = Reflect.get(SlabSocket.prototype, 'onBytes');

SlabSocket.prototype.onBytes = function (take) {
  Reflect.apply(onBytes, this, [
    (bytes) => {
      take(bytes);
      bytes.fill(POISON);
    },
  ]);
};
