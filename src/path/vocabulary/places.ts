/**
 * Where a step is, in the order in which a packet meets the places: from the device (__netif_receive_skb_core) and the tunnel around it through ip_rcv's hooks and the
 * route to the socket (ip_local_deliver) or onwards (ip_forward), and from the socket (__ip_local_out) to the neighbour and the device (ip_finish_output2).
 */
export const PLACES = [
  'ingress',
  'decapsulation',
  'PREROUTING',
  'routing',
  'INPUT',
  'ipvs',
  'xfrm-in',
  'xfrm-fwd',
  'socket',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
  'xfrm-out',
  'neighbour',
  'device',
  'bridge',
  'between',
] as const;

export type Place = (typeof PLACES)[number];
