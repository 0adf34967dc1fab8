import type { Socket } from 'node:net';

/** What a socket tells once it is open, its data apart. */
export interface SocketListener {
  socketEnded(): void;
  socketFinished(): void;
  socketDrained(): void;
  socketBroke(error: NodeJS.ErrnoException): void;
  socketClosed(): void;
}

const LISTENER = Symbol('listener');

interface Heard extends Socket {
  [LISTENER]?: SocketListener;
}

/** The functions are the same for all sockets: thousands of quiet ones hold no closures. */
export function listenTo(socket: Socket, listener: SocketListener): void {
  const heard: Heard = socket;
  heard[LISTENER] = listener;
  heard.on('end', onEnd).on('finish', onFinish).on('drain', onDrain).on('error', onError).on('close', onClose);
}

function onEnd(this: Heard): void {
  this[LISTENER]?.socketEnded();
}

function onFinish(this: Heard): void {
  this[LISTENER]?.socketFinished();
}

function onDrain(this: Heard): void {
  this[LISTENER]?.socketDrained();
}

function onError(this: Heard, error: NodeJS.ErrnoException): void {
  this[LISTENER]?.socketBroke(error);
}

function onClose(this: Heard): void {
  this[LISTENER]?.socketClosed();
}
