import { protocolNumber } from '../../packet.ts';
import { answerOf, type MatchCompiler, unsupported, YES } from './answer.ts';

/** /etc/protocols names that rules use and packets of the walk never have. */
const RARE: ReadonlyMap<string, number> = new Map([
  ['hopopt', 0],
  ['st', 5],
  ['egp', 8],
  ['igp', 9],
  ['pup', 12],
  ['hmp', 20],
  ['xns-idp', 22],
  ['rdp', 27],
  ['iso-tp4', 29],
  ['xtp', 36],
  ['ddp', 37],
  ['idpr-cmtp', 38],
  ['ipv6-route', 43],
  ['ipv6-frag', 44],
  ['idrp', 45],
  ['rsvp', 46],
  ['ipv6-crypt', 50],
  ['ipv6-auth', 51],
  ['skip', 57],
  ['ipv6-nonxt', 59],
  ['ipv6-opts', 60],
  ['rspf', 73],
  ['vmtp', 81],
  ['eigrp', 88],
  ['ax.25', 93],
  ['etherip', 97],
  ['encap', 98],
  ['pim', 103],
  ['ipcomp', 108],
  ['l2tp', 115],
  ['isis', 124],
  ['fc', 133],
  ['mh', 135],
  ['mobility-header', 135],
  ['ipv6-mh', 135],
  ['mpls-in-ip', 137],
  ['manet', 138],
  ['shim6', 140],
  ['wesp', 141],
  ['rohc', 142],
]);

/** Number of a protocol by name or number; undefined for a name that is not known. */
export const ruleProtocol = (text: string): number | undefined => {
  const name = text.toLowerCase();
  return protocolNumber(name) ?? RARE.get(name);
};

/** `-p`. */
export const protocol: MatchCompiler = (match) => {
  const option = match.options[0];
  const name = option?.values[0]?.toLowerCase();
  if (!option || name === undefined || name === 'all' || name === 'ip' || name === '0') return () => YES;
  const wanted = ruleProtocol(name);
  if (wanted === undefined) return unsupported;
  return (question) => answerOf((protocolNumber(question.packet.proto) === wanted) !== option.invert);
};

/** `-f`: second and later fragments. The walk's packets are whole. */
export const fragment: MatchCompiler = (match) => {
  const invert = match.options[0]?.invert ?? false;
  return () => answerOf(invert);
};
