import { UNNAMED_DEVICE } from '../../../records/link.ts';
import { allOf, answerOf, type MatchCompiler, type Matcher, NO, unknown, unsupported, YES } from './answer.ts';

/** A device name as rules give it: `eth0`, `cali+` (iptables) or `lxc*` (nft) for a prefix. A hook without the device has the empty name. */
export const deviceTest = (pattern: string): ((device: string | undefined) => boolean) => {
  if (/[+*]$/.test(pattern)) {
    const head = pattern.slice(0, -1);
    return (device) => (device ?? '').startsWith(head);
  }
  return (device) => (device ?? '') === pattern;
};

const deviceMatch =
  (side: 'iif' | 'oif'): MatchCompiler =>
  (match) => {
    const option = match.options[0];
    const name = option?.values[0];
    // Listings print `any` and `*` for no test.
    if (!option || name === undefined || name === 'any' || name === '*') return () => YES;
    const test = deviceTest(name);
    return (question) =>
      question[side] === UNNAMED_DEVICE
        ? unknown('device-unknown', 'ip-link', question.namespace)
        : answerOf(test(question[side]) !== option.invert);
  };

/** `-i`, `-o`. */
export const inInterface = deviceMatch('iif');
export const outInterface = deviceMatch('oif');

/**
 * xt_physdev: without bridge information (a routed packet, or br_netfilter off) every option that is not inverted fails;
 * with it, `is-bridged` asks for the bridge's out port, which only a bridged packet has.
 */
export const physdev: MatchCompiler = (match) =>
  allOf(
    match.options.map((option): Matcher => {
      const test = deviceTest(option.values[0] ?? '');
      switch (option.flag) {
        case '--physdev-in':
          return (q) => answerOf((q.physIn !== undefined && test(q.physIn)) !== option.invert);
        case '--physdev-out':
          return (q) => answerOf((q.physOut !== undefined && test(q.physOut)) !== option.invert);
        case '--physdev-is-in':
          return (q) => answerOf((q.physIn !== undefined) !== option.invert);
        case '--physdev-is-out':
        case '--physdev-is-bridged':
          return (q) => answerOf((q.physOut !== undefined) !== option.invert);
        default:
          return unsupported;
      }
    }),
  );

/** xt_devgroup: groups are not in the captures; group 0 is what every device starts in. */
export const devgroup: MatchCompiler = (match) =>
  allOf(
    match.options.map((option): Matcher => {
      const zero = /^((0x)?0|default)$/.test(option.values[0] ?? '');
      return () => (zero ? { value: !option.invert, assumed: 'device-group-default' } : option.invert ? YES : NO);
    }),
  );
