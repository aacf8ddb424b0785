import type { Link } from '../../records/link.ts';
import { type Branch, decisive, finish } from '../branch.ts';
import { bridgeCallsIptables } from './bridge.ts';

/** is_skb_forwardable: a frame may be longer than the MTU by a VLAN tag. */
const VLAN_TAG = 4;

/** Bytes of the longest IP packet on the wire: what may be fragmented leaves in pieces that fit the device (ip_do_fragment). */
const longest = (b: Branch): number => {
  const { length, df } = b.packet;
  const mtu = b.oif === undefined ? undefined : b.namespace.links.get(b.oif)?.mtu;
  return df || mtu === undefined ? length : Math.min(length, mtu);
};

const tooLong = (b: Branch, device: Link, limit: number, length: number): Branch | undefined =>
  length <= limit
    ? undefined
    : finish(b, {
        place: 'device',
        stage: 'mtu',
        device: device.name,
        action: { code: 'frame-too-long', values: { device: device.name, mtu: device.mtu ?? 0, length } },
        verdict: 'drop',
        proofs: decisive(device),
      });

/**
 * br_dev_queue_push_xmit: what is longer than its port's MTU vanishes without an ICMP error. br_netfilter fragments what it may (br_nf_dev_queue_xmit).
 */
export const tooLongForPort = (b: Branch, port: Link): Branch | undefined => {
  const { mtu } = port;
  if (mtu === undefined || b.physOut !== port.name) return undefined;
  const filtered = b.physIn !== undefined && bridgeCallsIptables(b) === true;
  if (!filtered) return tooLong(b, port, mtu + VLAN_TAG, longest(b));
  return b.packet.df && b.packet.family === 4 ? tooLong(b, port, mtu, b.packet.length) : undefined;
};

/** __dev_forward_skb of a veth: the far end takes no frame that is longer than its own MTU. */
export const tooLongForPeer = (b: Branch, peer: Link | undefined): Branch | undefined =>
  peer?.kind === 'veth' && peer.mtu !== undefined ? tooLong(b, peer, peer.mtu + VLAN_TAG, longest(b)) : undefined;
