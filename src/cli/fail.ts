import { existsSync } from 'node:fs';
import { BundleError } from '../bundle/error.ts';
import { RequestError } from '../judging/request.ts';
import { visibleLine } from '../report/visible.ts';
import { EXIT } from './exit-codes.ts';
import { FlowExpressionError } from './flow-expression.ts';
import { isNear, nearest } from './nearest.ts';
import { COMMAND_NAMES } from './options.ts';
import { UsageError } from './usage-error.ts';

/** Prints an error as one line, without a stack for what the user can mend, and gives the exit status. */
export const fail = (error: unknown): number => {
  if (error instanceof BundleError) return say(`${error.message}${commandHint(error.file)}`, EXIT.unreadable);
  if (error instanceof RequestError) return say(requestMessage(error), EXIT.usage);
  if (error instanceof FlowExpressionError || error instanceof UsageError) return say(error.message, EXIT.usage);
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return say('this is a fault of netautopsy, not of the bundle; please report it with the text above', EXIT.crash);
};

/** A mistyped command is taken for a bundle. */
const commandHint = (file: string): string => {
  if (existsSync(file)) return '';
  const [near] = nearest(file, COMMAND_NAMES, 1).filter((name) => isNear(file, name));
  return near === undefined ? '' : `; did you mean the command ${near}?`;
};

const WHAT: Readonly<Record<RequestError['code'], string>> = {
  'unknown-start': '--from names no node or pod of this bundle',
  'unknown-arrival': '--in names no node or pod of this bundle',
  'unknown-device': '--in names a device that the node does not have',
  'unknown-name': 'the flow names nothing that this bundle knows',
  'unknown-port': 'the service has no such port',
};

const requestMessage = (error: RequestError): string => {
  const near = nearest(error.asked, error.valid);
  const hint = near.length > 0 ? `; nearest: ${near.join(', ')}` : '; the bundle names none';
  return `${WHAT[error.code]}: ${error.asked}${hint}`;
};

const say = (text: string, code: number): number => {
  process.stderr.write(`netautopsy: ${visibleLine(text)}\n`);
  return code;
};
