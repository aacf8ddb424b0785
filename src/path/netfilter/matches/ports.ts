import { servicePort } from '../../../tables/service-ports.ts';
import type { Packet } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import {
  type Answer,
  allOf,
  answerOf,
  any,
  inverted,
  type MatchCompiler,
  type Matcher,
  NO,
  unknown,
  unsupported,
  YES,
} from './answer.ts';
import { inRange, type NumberRange, parseNumber, parseRange } from './number.ts';
import { tcpFlags } from './tcp-flags.ts';

const WITH_PORTS: ReadonlySet<string> = new Set([
  'tcp',
  'udp',
  'sctp',
  'dccp',
  'udplite',
  '6',
  '17',
  '132',
  '33',
  '136',
]);

/** Whether the packet's protocol has ports at all. */
export const hasPorts = (packet: Packet): boolean => WITH_PORTS.has(packet.proto);

/** Whether a port lies in one of the ranges; a port that is not known is in only where the ranges hold every port. */
export const portIn = (question: HookQuestion, side: 'sport' | 'dport', ranges: readonly NumberRange[]): Answer => {
  const port = question.packet[side];
  if (port !== undefined) return answerOf(ranges.some((range) => inRange(range, port)));
  if (!hasPorts(question.packet)) return NO;
  if (ranges.some((range) => range.from === 0 && range.to === 0xffff)) return YES;
  return unknown('port-unknown', 'tcpdump', question.namespace);
};

const port = (text: string): number | undefined => parseNumber(text) ?? servicePort(text);

export const parsePorts = (values: readonly string[]): readonly NumberRange[] | undefined => {
  const ranges = values.flatMap((value) => value.split(',')).map((text) => parseRange(text, 0xffff, port));
  const known = ranges.filter((range) => range !== undefined);
  return known.length === ranges.length && known.length > 0 ? known : undefined;
};

const portTest = (side: 'sport' | 'dport', values: readonly string[], invert: boolean): Matcher => {
  const ranges = parsePorts(values);
  return ranges ? (question) => inverted(portIn(question, side, ranges), invert) : unsupported;
};

/** xt_tcpudp, xt_sctp, xt_dccp: ports, and TCP's flags. */
export const transport: MatchCompiler = (match) =>
  allOf(
    match.options.map((o): Matcher => {
      switch (o.flag) {
        case '--sport':
        case '--source-port':
          return portTest('sport', o.values, o.invert);
        case '--dport':
        case '--destination-port':
          return portTest('dport', o.values, o.invert);
        case '--syn':
          return tcpFlags('FIN,SYN,RST,ACK', 'SYN', o.invert);
        case '--tcp-flags':
          return tcpFlags(o.values[0] ?? '', o.values[1] ?? '', o.invert);
        default:
          return unsupported;
      }
    }),
  );

/** xt_multiport: `--ports` is satisfied by either port. */
export const multiport: MatchCompiler = (match) =>
  allOf(
    match.options.map((o): Matcher => {
      const ranges = parsePorts(o.values);
      if (!ranges) return unsupported;
      switch (o.flag) {
        case '--sports':
        case '--source-ports':
          return (q) => inverted(portIn(q, 'sport', ranges), o.invert);
        case '--dports':
        case '--destination-ports':
          return (q) => inverted(portIn(q, 'dport', ranges), o.invert);
        case '--ports':
          return (q) => inverted(any([portIn(q, 'sport', ranges), portIn(q, 'dport', ranges)]), o.invert);
        default:
          return unsupported;
      }
    }),
  );
