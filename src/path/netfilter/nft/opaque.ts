import type { Direction } from '../../zone.ts';
import type { Statement } from '../chain-walk.ts';
import { inverted, type Matcher, unknown } from '../matches/answer.ts';
import { parseMasked, parseNumber } from '../matches/number.ts';
import { parseDirections } from '../matches/set.ts';
import { inSet } from '../matches/set-lookup.ts';
import { type Effect, NOTHING } from '../targets/effect.ts';
import { xmark } from '../targets/mark.ts';
import { parseDestination } from '../targets/nat.ts';

const act = (effect: Effect): Statement => ({ kind: 'act', effect });
const test = (name: string, key: string, matcher: Matcher, invert = false): Statement => ({
  kind: 'test',
  name,
  key: () => key,
  invert,
  matcher,
});

/** Statements that write to a set, the flow table or a field that the walk does not follow. */
const WITHOUT_EFFECT =
  /^(?:(?:update|add|delete) @|dup |flow |(?:meta (?:nftrace|priority|pkttype|broute)|ct (?:helper|timeout|event|label|expectation|secmark)|ip6? (?:dscp|ecn|ttl|hoplimit)|ether [sd]addr) .*set |last |quota |reset |xt target "?(?:LOG|NFLOG|CHECKSUM|TRACE|SET|TTL|HL|DSCP|TOS|CLASSIFY|AUDIT|IDLETIMER|SECMARK|CONNSECMARK)\b|# (?:LOG|NFLOG|CHECKSUM|TRACE)\b)/;

/**
 * A statement that the record keeps as text: what older nft prints of an xt extension as a comment is read where it tells enough; an extension that
 * is named only cannot be decided, and iptables-save would tell.
 */
export const compileOpaque = (text: string, where: string): Statement => {
  const words = text.trim();
  if (WITHOUT_EFFECT.test(words)) return act(NOTHING);
  const set = /^#?\s*(! )?(?:xt match set )?match-set (\S+) (\S+)/.exec(words);
  const directions = parseDirections(set?.[3] ?? '');
  if (set && directions) {
    const [, not, name = ''] = set;
    return test(
      'set',
      `set ${name} ${set[3]}`,
      (question, marks) => inverted(inSet(name, directions, false, question, marks), not !== undefined),
      not !== undefined,
    );
  }
  const mss = /^tcp option maxseg size set (.+)$/.exec(words);
  if (mss) {
    const value = parseNumber(mss[1] ?? '');
    return act({ kind: 'change', apply: (branch) => ({ ...branch, mss: value ?? 'pmtu' }) });
  }
  const zone = /^ct (?:(original|reply) )?zone set (\d+)$/.exec(words);
  if (zone) return act(zoneEffect(Number(zone[2]), zone[1] as Direction | undefined));
  const over = /^ct count (over )?\d+$/.exec(words);
  if (over) return test('limit', words, () => ({ value: over[1] === undefined, assumed: 'within-limit' }));
  const tproxy = /^(?:tproxy (?:ip6? )?to (\S+)|# TPROXY redirect (\S+) mark (\S+))/.exec(words);
  if (tproxy) return act(tproxyEffect(tproxy[1] ?? tproxy[2] ?? '', tproxy[3] ?? /\bmark set (\S+)/.exec(words)?.[1]));
  if (words.startsWith('synproxy')) return act({ kind: 'end', ending: { verdict: 'stolen' } });
  if (/^(xt target|#\s*[A-Z]+)\b/.test(words)) return act({ kind: 'unknown', code: 'target-unsupported' });
  return test('xt', `${where} ${words}`, ({ namespace }) => unknown('match-unsupported', 'iptables-save', namespace));
};

/** nft_ct_set_zone_eval: as xt_CT, the first template counts. */
const zoneEffect = (zone: number, zoneOnly: Direction | undefined): Effect => ({
  kind: 'change',
  apply: (branch) => (branch.templated ? branch : { ...branch, zone, zoneOnly, templated: true }),
});

/** The mark comes with xt's target, or from a statement behind nft's own. */
const tproxyEffect = (to: string, mark: string | undefined): Effect => {
  const parsed = parseDestination(to);
  const change = parseMasked(mark ?? '0/0');
  return {
    kind: 'end',
    ending: { verdict: 'tproxy', tproxy: { address: parsed?.addresses[0]?.from, port: parsed?.ports?.[0] } },
    apply: (branch) => (change ? { ...branch, mark: xmark(branch.mark, change) } : branch),
  };
};
