import { SyntaxError as PeggySyntaxError, parse } from '#grammars/flow';
import { canonicalAddress } from '../tables/address.ts';

/** One end of the flow, as the user named it. `port` is a number, or a service port's name. */
export type FlowEndpoint =
  | { readonly kind: 'address'; readonly address: string; readonly port?: number }
  | { readonly kind: 'pod' | 'svc'; readonly namespace: string; readonly name: string; readonly port?: number | string }
  | { readonly kind: 'node'; readonly name: string; readonly port?: number | string };

/** A transport protocol by name, any other by its IP protocol number. `icmp` is ICMPv6 where the addresses are IPv6. */
export type FlowProtocol = 'tcp' | 'udp' | 'icmp' | 'sctp' | number;

/** A `--flow` expression: `SRC[:PORT] -> DST[:PORT][/PROTO]`. */
export interface FlowExpression {
  readonly src: FlowEndpoint;
  readonly dst: FlowEndpoint;
  readonly proto: FlowProtocol;
}

/** The text is no flow expression: the message is one line, `column` counts from 1. */
export class FlowExpressionError extends Error {
  readonly column: number;
  readonly expected: string;

  constructor(text: string, column: number, expected: string) {
    super(`flow "${text.trim()}", column ${column}: ${expected}`);
    this.name = 'FlowExpressionError';
    this.column = column;
    this.expected = expected;
  }
}

/** Reads a `--flow` expression; throws FlowExpressionError. Addresses are in canonical form. */
export const parseFlowExpression = (text: string): FlowExpression => {
  let flow: FlowExpression;
  try {
    flow = parse(text, { startRule: 'Flow', address: canonicalAddress }) as FlowExpression;
  } catch (error) {
    if (!(error instanceof PeggySyntaxError)) throw error;
    throw new FlowExpressionError(text, error.location.start.column, describe(error as unknown as GrammarError));
  }
  if (flow.proto === 'icmp' && (flow.src.port !== undefined || flow.dst.port !== undefined))
    throw new FlowExpressionError(text, text.indexOf(':') + 1, 'icmp has no ports');
  return flow;
};

/** What Peggy tells of a failure; `expected` is null where the grammar itself worded it. */
interface GrammarError extends Error {
  readonly expected: readonly { readonly type: string; readonly description?: string; readonly text?: string }[] | null;
  readonly found: string | null;
}

/** White space is allowed nearly everywhere and helps nobody as an answer, so it is left out. */
const describe = (error: GrammarError): string => {
  if (error.expected === null) return error.message;
  const wanted = error.expected.flatMap(({ type, description, text }) => {
    if (type === 'end') return ['the end'];
    return type === 'other' ? [description ?? ''] : type === 'literal' ? [`'${text ?? ''}'`] : [];
  });
  const unique = [...new Set(wanted)].sort();
  const last = unique.pop() ?? 'something else';
  const list = unique.length === 0 ? last : `${unique.join(', ')} or ${last}`;
  return `expected ${list}, found ${error.found === null ? 'the end' : JSON.stringify(error.found)}`;
};

const endpointText = (endpoint: FlowEndpoint): string => {
  const port = endpoint.port === undefined ? '' : `:${endpoint.port}`;
  switch (endpoint.kind) {
    case 'address':
      return endpoint.address.includes(':') && port !== ''
        ? `[${endpoint.address}]${port}`
        : `${endpoint.address}${port}`;
    case 'node':
      return `node/${endpoint.name}${port}`;
    default:
      return `${endpoint.kind}/${endpoint.namespace}/${endpoint.name}${port}`;
  }
};

/** The expression as text that parseFlowExpression reads back to the same. */
export const printFlowExpression = (flow: FlowExpression): string =>
  `${endpointText(flow.src)} -> ${endpointText(flow.dst)}/${flow.proto}`;
