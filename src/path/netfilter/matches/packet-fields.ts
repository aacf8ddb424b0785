import { isMulticast } from '../../../tables/address.ts';
import {
  allOf,
  answerOf,
  eachOption,
  inverted,
  type MatchCompiler,
  type Matcher,
  NO,
  unknown,
  unsupported,
  YES,
} from './answer.ts';
import { inRange, parseNumber, parseRange } from './number.ts';

/** xt_length: bytes of the IP packet, header included in both families. */
export const length = eachOption({
  '--length': (values, invert) => {
    const range = parseRange(values[0] ?? '', 0xffff);
    return range ? ({ packet }) => answerOf(inRange(range, packet.length) !== invert) : unsupported;
  },
});

const hops =
  (compare: (ttl: number, wanted: number) => boolean) =>
  (values: readonly string[], invert: boolean): Matcher => {
    const wanted = parseNumber(values[0] ?? '');
    return wanted === undefined
      ? unsupported
      : ({ packet }, marks) => answerOf(compare(marks.ttl ?? packet.ttl, wanted) !== invert);
  };
const equal = hops((ttl, wanted) => ttl === wanted);
const less = hops((ttl, wanted) => ttl < wanted);
const greater = hops((ttl, wanted) => ttl > wanted);
/** ipt_ttl, ip6t_hl. */
export const ttl = eachOption({
  '--ttl': equal,
  '--ttl-eq': equal,
  '--ttl-lt': less,
  '--ttl-gt': greater,
  '--hl-eq': equal,
  '--hl-lt': less,
  '--hl-gt': greater,
});

/** xt_pkttype: what the frame was addressed to, told from the destination. */
export const pkttype: MatchCompiler = (match) => {
  const option = match.options[0];
  const wanted = option?.values[0]?.toLowerCase();
  if (!option || wanted === undefined) return unsupported;
  return ({ packet }) => {
    const type = isMulticast(packet.dst) ? 'multicast' : packet.dst === '255.255.255.255' ? 'broadcast' : 'unicast';
    return answerOf((type === wanted || (type === 'unicast' && wanted === 'host')) !== option.invert);
  };
};

/** xt_esp, ipt_ah: the SPI. */
const spi =
  (protocols: readonly string[]): MatchCompiler =>
  (match) =>
    allOf(
      match.options.map((option): Matcher => {
        const range = parseRange(option.values[0] ?? '', 0xffffffff);
        if (!range || !/spi$/.test(option.flag)) return unsupported;
        return ({ packet, namespace }) => {
          if (!protocols.includes(packet.proto)) return NO;
          if (packet.spi === undefined)
            return range.from === 0 && range.to === 0xffffffff
              ? inverted(YES, option.invert)
              : unknown('spi-unknown', 'xfrm-state', namespace);
          return answerOf(inRange(range, packet.spi) !== option.invert);
        };
      }),
    );
export const esp = spi(['esp', '50']);
export const ah = spi(['ah', '51']);
