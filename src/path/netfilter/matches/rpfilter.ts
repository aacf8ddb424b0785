import { isUnspecified } from '../../../tables/address.ts';
import type { ReversePathFlags } from '../outcome.ts';
import { addressTest } from './address.ts';
import { inverted, type MatchCompiler, option, unknown, YES } from './answer.ts';

const zeroNet = addressTest('0.0.0.0/8');
const localMulticast = addressTest('224.0.0.0/24');

/**
 * rpfilter_mt(): whether the route back to the source leaves by the device that the packet came in by. Packets of the loopback device always
 * pass, as does the zero source of DHCP, IGMP and duplicate address detection.
 */
export const rpfilter: MatchCompiler = (match) => {
  const flags: ReversePathFlags = {
    loose: option(match, '--loose') !== undefined,
    validMark: option(match, '--validmark') !== undefined,
    acceptLocal: option(match, '--accept-local') !== undefined,
    withProtocol: false,
  };
  const invert = option(match, '--invert') !== undefined;
  return (question, marks) => {
    const { namespace, packet, iif, reversePath } = question;
    if (iif === 'lo') return inverted(YES, invert);
    if (packet.family === 6 && isUnspecified(packet.src)) return inverted(YES, invert);
    if (zeroNet?.(packet.src) && (packet.dst === '255.255.255.255' || localMulticast?.(packet.dst)))
      return inverted(YES, invert);
    if (!reversePath || iif === undefined) return unknown('reverse-path-unknown', 'ip-route', namespace);
    return inverted(reversePath(namespace, { ...packet, mark: marks.mark }, iif, flags), invert);
  };
};
