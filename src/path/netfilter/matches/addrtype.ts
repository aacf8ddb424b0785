import { localType } from '../local-type.ts';
import type { HookQuestion } from '../outcome.ts';
import { all, answerOf, type MatchCompiler, type Matcher, option, unknown, unsupported } from './answer.ts';

/**
 * match_type6: unlike in IPv4 the types of a list are not alternatives. UNICAST and MULTICAST must both hold of the address itself; then LOCAL,
 * ANYCAST and UNREACHABLE ask the routing table.
 */
const isType6 = (wanted: readonly string[], found: string): boolean => {
  if (wanted.includes('MULTICAST') && found !== 'MULTICAST') return false;
  if (wanted.includes('UNICAST') && found === 'MULTICAST') return false;
  const routed: readonly string[] = wanted.filter(
    (type) => type === 'LOCAL' || type === 'ANYCAST' || type === 'UNREACHABLE',
  );
  return routed.length === 0 ? wanted.includes('UNICAST') || wanted.includes(found) : routed.includes(found);
};

/** xt_addrtype: `--src-type`, `--dst-type`, both against the local table only; `--limit-iface-in`/`-out` look at one device's addresses. */
export const addrtype: MatchCompiler = (match) => {
  const device = (question: HookQuestion): string | undefined =>
    option(match, '--limit-iface-in')
      ? (question.iif ?? '')
      : option(match, '--limit-iface-out')
        ? (question.oif ?? '')
        : undefined;
  const tests: Matcher[] = [];
  for (const o of match.options) {
    if (o.flag.startsWith('--limit-iface')) continue;
    const side = o.flag === '--src-type' ? 'src' : o.flag === '--dst-type' ? 'dst' : undefined;
    if (!side) return unsupported;
    const wanted = o.values.flatMap((value) => value.split(',')).map((value) => value.toUpperCase());
    tests.push(({ namespace, packet, ...rest }) => {
      const on = device({ namespace, packet, ...rest });
      if (packet.family === 6 && wanted.includes('UNREACHABLE')) {
        const refused = rest.isRouteRefused?.(namespace, packet[side], on);
        if (refused?.value === undefined) return unknown('route-by-device', 'ip-route', namespace);
        if (refused.value) return answerOf(isType6(wanted, 'UNREACHABLE') !== o.invert);
      }
      const found = localType(namespace, packet.family, packet[side], on);
      if (found.type === undefined) return unknown('local-addresses-unknown', found.missing, namespace);
      const is = packet.family === 6 ? isType6(wanted, found.type) : wanted.includes(found.type);
      return answerOf(is !== o.invert);
    });
  }
  return (question, marks) => all(tests.map((test) => test(question, marks)));
};
