import type { NetNamespace } from '../../../network/namespace.ts';
import type { IpSet } from '../../../records/ipset.ts';
import { addressFamily, canonicalPrefix } from '../../../tables/address.ts';
import { protocolNumber } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import { type Answer, answerOf, any, type Marks, NO, unknown } from './answer.ts';
import { hasPorts } from './ports.ts';
import { type Dimension, type SetIndex, setIndex } from './set-index.ts';

/** `src`/`dst` of each dimension, as the rule gives them. */
export type Directions = readonly ('src' | 'dst')[];

/** A part of the packet as a key of the set; undefined for one that is not known, null for one that the packet cannot have. */
type Part = string | undefined | null;

const NESTING = 8;

/**
 * ip_set_test(): whether the packet is in the set. A rule that gives fewer directions than the set has dimensions never matches,
 * nor does a set of the other family; networks are tried longest first and a `nomatch` member ends the search with no.
 */
export const inSet = (
  name: string,
  directions: Directions,
  returnNomatch: boolean,
  question: HookQuestion,
  marks: Marks,
  depth = 0,
): Answer => {
  const { namespace } = question;
  const set = namespace.sets.get(name);
  if (!set)
    return namespace.captured.has('ipset') ? unknown('set-missing') : unknown('set-not-captured', 'ipset', namespace);
  const index = setIndex(set);
  if (!index) return unknown('set-type-unsupported');
  if (index.dimensions[0] === 'set') return inList(set, index, directions, returnNomatch, question, marks, depth);
  if (directions.length < index.dimensions.length) return NO;
  if (index.family !== undefined && index.family !== question.packet.family) return NO;
  return search(index, directions, returnNomatch, question, marks);
};

const inList = (
  set: IpSet,
  index: SetIndex,
  directions: Directions,
  returnNomatch: boolean,
  question: HookQuestion,
  marks: Marks,
  depth: number,
): Answer => {
  if (depth >= NESTING) return unknown('set-type-unsupported');
  const answers = set.members.map((member) =>
    inSet(member.parts[0] ?? '', directions, returnNomatch, question, marks, depth + 1),
  );
  const answer = any(answers);
  return answer.value === false && !index.complete ? incomplete(question.namespace) : answer;
};

const incomplete = (namespace: NetNamespace): Answer => unknown('set-members-not-captured', 'ipset', namespace);

const search = (
  index: SetIndex,
  directions: Directions,
  returnNomatch: boolean,
  question: HookQuestion,
  marks: Marks,
): Answer => {
  const parts = index.dimensions.map((dimension, i) =>
    partOf(dimension, directions[i] ?? 'src', index, question, marks),
  );
  if (parts.includes(null)) return NO;
  if (parts.includes(undefined)) return searchAround(index, parts, question.namespace);
  const answer = find(index, parts, returnNomatch);
  if (answer) return answer;
  const ports = index.dimensions.map((dimension, i) =>
    dimension === 'iface' ? bridgePort(directions[i], question) : parts[i],
  );
  const bridged = ports.includes(undefined) ? undefined : find(index, ports, returnNomatch);
  return bridged ?? (index.complete ? NO : incomplete(question.namespace));
};

/** Members of hash:net,iface written as `physdev:eth0` mean the bridge's port. */
const bridgePort = (direction: 'src' | 'dst' | undefined, question: HookQuestion): Part => {
  const device = direction === 'src' ? question.physIn : question.physOut;
  return device === undefined ? undefined : `physdev:${device}`;
};

const find = (index: SetIndex, parts: readonly Part[], returnNomatch: boolean): Answer | undefined => {
  for (const lengths of index.lengths) {
    const member = index.members.get(keyOf(index, parts, lengths));
    if (!member) continue;
    return answerOf(member.nomatch === (returnNomatch && index.lengths[0]?.length !== 0));
  }
  return undefined;
};

const keyOf = (index: SetIndex, parts: readonly Part[], lengths: readonly number[]): string => {
  let net = 0;
  let key = '';
  for (let i = 0; i < parts.length; i += 1) {
    const part = parts[i] ?? '';
    const dimension = index.dimensions[i];
    if (i > 0) key += ' ';
    if (dimension === 'net') {
      key += canonicalPrefix(`${part}/${lengths[net]}`) ?? '';
      net += 1;
    } else if (dimension === 'ip') key += canonicalPrefix(`${part}/${index.netmask}`) ?? '';
    else key += part;
  }
  return key;
};

/** A part of the packet is not known: no where no member agrees in the parts that are, unknown otherwise. */
const searchAround = (index: SetIndex, parts: readonly Part[], namespace: NetNamespace): Answer => {
  const why = unknown(
    index.dimensions.includes('mac')
      ? 'mac-unknown'
      : index.dimensions.includes('iface')
        ? 'device-unknown'
        : 'port-unknown',
    'tcpdump',
    namespace,
  );
  for (const lengths of index.lengths) {
    const wanted = keyOf(index, parts, lengths).split(' ');
    for (const key of index.members.keys()) {
      const have = key.split(' ');
      if (parts.every((part, i) => part === undefined || have[i] === wanted[i])) return why;
    }
  }
  return index.complete ? NO : incomplete(namespace);
};

const partOf = (
  dimension: Dimension,
  direction: 'src' | 'dst',
  index: SetIndex,
  question: HookQuestion,
  marks: Marks,
): Part => {
  const { packet } = question;
  switch (dimension) {
    case 'ip':
    case 'net':
      return addressFamily(packet[direction]) === index.family ? packet[direction] : null;
    case 'port':
      return portPart(direction, question);
    case 'plain-port':
      return plainPort(direction, question, index);
    case 'mark':
      return String((marks.mark & index.markMask) >>> 0);
    case 'iface':
      return (direction === 'src' ? question.iif : question.oif) ?? null;
    default:
      return undefined;
  }
};

/** get_port(): the port of a protocol that has ports, type and code of ICMP, 0 of anything else. */
const portPart = (direction: 'src' | 'dst', { packet }: HookQuestion): Part => {
  const proto = protocolNumber(packet.proto);
  if (proto === undefined) return null;
  if (proto === 1 || proto === 58)
    return packet.icmp ? `${proto}:${packet.icmp.type * 256 + packet.icmp.code}` : undefined;
  if (!hasPorts(packet)) return `${proto}:0`;
  const port = direction === 'src' ? packet.sport : packet.dport;
  return port === undefined ? undefined : `${proto}:${port}`;
};

/** ip_set_get_ip_port(): bitmap:port knows TCP and UDP only, and does not tell them apart. */
const plainPort = (direction: 'src' | 'dst', { packet }: HookQuestion, index: SetIndex): Part => {
  if (packet.proto !== 'tcp' && packet.proto !== 'udp') return null;
  const port = direction === 'src' ? packet.sport : packet.dport;
  if (port === undefined) return undefined;
  const [from, to] = (index.range ?? '0-65535').split('-').map(Number);
  return port < (from ?? 0) || port > (to ?? 65535) ? null : String(port);
};
