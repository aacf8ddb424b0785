import type { NetNamespace } from '../../network/namespace.ts';
import { type Branch, finish, MAX_NAMESPACES, type World } from '../branch.ts';
import { resetCt } from '../conntrack.ts';
import { tooLongForPeer } from './frame-size.ts';

/**
 * The packet in its next namespace, about to be received. What belongs to the sending stack stays behind
 * (skb_scrub_packet: conntrack entry, secpath, mark where the namespace changes).
 */
export const enter = (_world: World, b: Branch, to: NetNamespace, device: string): readonly Branch[] => {
  if (b.namespaces >= MAX_NAMESPACES) {
    return [
      finish(b, {
        place: 'between',
        stage: 'network',
        device: b.oif,
        action: { code: 'loop', values: { namespaces: b.namespaces } },
        verdict: 'drop',
      }),
    ];
  }
  const tooLong = tooLongForPeer(b, to.links.get(device));
  if (tooLong) return [tooLong];
  const clean = resetCt(b);
  return [
    {
      ...clean,
      namespace: to,
      packet: { ...b.packet, mark: 0 },
      iif: device,
      oif: undefined,
      assigned: undefined,
      physIn: undefined,
      physOut: undefined,
      secpath: [],
      route: undefined,
      bundle: undefined,
      transformed: false,
      namespaces: b.namespaces + 1,
    },
  ];
};
