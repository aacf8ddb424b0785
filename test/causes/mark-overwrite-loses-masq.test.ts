import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'mark-overwrite-loses-masq';
const NAME = 'openyurt-ipvs-ipsec';
const RULE = (mark: string) => `*mangle
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
[4:240] -A OUTPUT -d 10.233.68.0/24 -j MARK --set-xmark ${mark}
COMMIT
`;
const flow = { ...flowOfBundle(), sport: 40021 };
function flowOfBundle() {
  return { proto: 'tcp', src: '10.255.31.243', dst: '10.255.31.243', dport: 80, start: 'cloud-gw' };
}
const marked = (mark: string) =>
  bundleOf(NAME).without('tcpdump').without('conntrack').appended('cloud-gw/iptables-save.txt', RULE(mark));

describe(ID, () => {
  test('a full mark wipes off kube-proxy’s bit', () => {
    const judged = marked('0x40/0xffffffff').judge(flow);
    expect(findingOf(judged, ID)).toMatchObject({
      node: 'edge-gw',
      values: { sender: 'cloud-gw', lost: '0x4000', virtual: '10.255.31.243', server: '10.233.68.67', after: '0x40' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a masked mark leaves the bit', () => {
    expect(findingOf(marked('0x40/0x40').judge(flow), ID)).toBeUndefined();
  });

  test('without the rules nobody is accused', () => {
    const judged = bundleOf(NAME).without('iptables-save').judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
  });

  test('without the rules an entry that kept its virtual source asks for them', () => {
    const entry = (seenAs: string) =>
      `tcp      6 110 SYN_SENT src=${flow.src} dst=${flow.dst} sport=40021 dport=80 [UNREPLIED] src=10.233.68.67 dst=${seenAs} sport=80 dport=40021 mark=0 use=1\n`;
    const dark = bundleOf(NAME).without('tcpdump').without('conntrack').without('iptables-save').without('nft-ruleset');
    const judged = dark.withFile('cloud-gw/conntrack_-L.txt', entry(flow.src)).judge(flow);
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['iptables-save cloud-gw']);
    const masqueraded = dark.withFile('cloud-gw/conntrack_-L.txt', entry('10.233.64.1'));
    expect(neededFor(masqueraded.judge(flow), ID)).toBeUndefined();
  });
});
