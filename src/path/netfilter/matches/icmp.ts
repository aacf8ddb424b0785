import { icmp6TypeNumber, icmpTypeNumber } from '../../../tables/icmp-types.ts';
import { answerOf, inverted, type MatchCompiler, NO, unknown, unsupported, YES } from './answer.ts';
import { parseNumber } from './number.ts';

interface IcmpKind {
  readonly type: number;
  readonly code: number | undefined;
}

/** Names that nft and ipset print beside those of iptables. */
const MORE_4: Readonly<Record<string, string>> = { 'info-request': '15', 'info-reply': '16' };
const MORE_6: Readonly<Record<string, string>> = {
  'mld-listener-query': '130',
  'mld-listener-report': '131',
  'mld-listener-done': '132',
  'mld-listener-reduction': '132',
  'nd-router-solicit': '133',
  'nd-router-advert': '134',
  'nd-neighbor-solicit': '135',
  'nd-neighbor-advert': '136',
  'nd-redirect': '137',
  'router-renumbering': '138',
  'ind-neighbor-solicit': '141',
  'ind-neighbor-advert': '142',
  'mld2-listener-report': '143',
};

/** `8`, `3/4`, `echo-request`; undefined for a name that is not known. */
export const icmpKind = (text: string, family: 4 | 6): IcmpKind | undefined => {
  const more = family === 4 ? MORE_4 : MORE_6;
  const named =
    (family === 4 ? icmpTypeNumber(text) : icmp6TypeNumber(text)) ?? (Object.hasOwn(more, text) ? more[text] : text);
  const [type, code] = (named ?? '').split('/');
  const number = parseNumber(type ?? '');
  return number === undefined ? undefined : { type: number, code: code === undefined ? undefined : parseNumber(code) };
};

/** icmp_match(), icmp6_match(). Type 255 is libipt_icmp's `any`. */
export const icmp: MatchCompiler = (match, family) => {
  const option = match.options[0];
  const text = option?.values[0];
  if (!option || text === undefined) return () => YES;
  if (text === 'any' || text === '255') return () => inverted(YES, option.invert);
  const wanted = icmpKind(text, family);
  if (!wanted) return unsupported;
  return ({ packet, namespace }) => {
    const isIcmp = packet.proto === 'icmp' || packet.proto === 'icmp6' || packet.proto === '1' || packet.proto === '58';
    if (!isIcmp) return NO;
    if (!packet.icmp) return unknown('icmp-type-unknown', 'tcpdump', namespace);
    const same = packet.icmp.type === wanted.type && (wanted.code === undefined || packet.icmp.code === wanted.code);
    return answerOf(same !== option.invert);
  };
};
