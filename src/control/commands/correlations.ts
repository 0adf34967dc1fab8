/** This project's own: which SIP call a session is of, so that Homer shows MSRP with its call. */
import { IDENTIFIER } from '../../lib/identifier.js';
import { fault, invalidParams, ok, textOf, wholeNumber, type Command, type MiResponse } from '../mi-command.js';
import type { Control } from './control.js';

/** Told when no count is named, and the most that one may name. */
const FEW = 50;
const MOST = 1_000;

const UNTRACED = fault(400, 'Not possible', 'proto_msrp.trace_destination is not set');

export function correlationCommands(control: Control): readonly Command[] {
  return [correlate(control), uncorrelate(control), list(control)];
}

function correlate(control: Control): Command {
  const run = async (session: unknown, call: unknown, time?: unknown): Promise<MiResponse> => {
    const { correlations } = control;
    if (correlations === null) return UNTRACED;
    const [sessionId, callId] = [identifierOf(session), identifierOf(call)];
    if (sessionId === null) return invalidParams('session_id should be 1 to 255 printable characters without blanks');
    if (callId === null) return invalidParams('call_id should be 1 to 255 printable characters without blanks');
    const seconds = time === undefined ? correlations.lifetime : wholeNumber(time);
    if (seconds === null || seconds <= 0 || seconds > correlations.longest) {
      return invalidParams(`seconds should be a whole number from 1 to ${correlations.longest}`);
    }
    await correlations.set(sessionId, callId, seconds);
    return ok();
  };
  return {
    names: ['msrptap:correlate'],
    recipes: [
      { params: ['session_id', 'call_id'], run },
      { params: ['session_id', 'call_id', 'seconds'], run },
    ],
  };
}

function uncorrelate(control: Control): Command {
  const run = async (session: unknown): Promise<MiResponse> => {
    const { correlations } = control;
    if (correlations === null) return UNTRACED;
    const sessionId = identifierOf(session);
    if (sessionId === null) return invalidParams('session_id should be 1 to 255 printable characters without blanks');
    return (await correlations.end(sessionId)) ? ok() : fault(404, 'No such correlation');
  };
  return { names: ['msrptap:uncorrelate'], recipes: [{ params: ['session_id'], run }] };
}

function list(control: Control): Command {
  const newest = (count: unknown): MiResponse => {
    const size = wholeNumber(count);
    if (size === null || size < 1 || size > MOST) {
      return invalidParams(`count should be a whole number from 1 to ${MOST}`);
    }
    return ok({
      Correlations: (control.correlations?.newest(size) ?? []).map(({ session, call, from, seconds }) => ({
        Session: session,
        'Call-ID': call,
        From: from,
        'Seconds left': Math.ceil(seconds),
      })),
      Total: control.correlations?.size ?? 0,
    });
  };
  return {
    names: ['msrptap:correlations'],
    recipes: [
      { params: [], run: () => newest(FEW) },
      { params: ['count'], run: newest },
    ],
  };
}

function identifierOf(value: unknown): string | null {
  const text = textOf(value);
  return text !== null && IDENTIFIER.test(text) ? text : null;
}
