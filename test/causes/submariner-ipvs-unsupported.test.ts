import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, neededFor, unsaid } from './said.ts';

const ID = 'submariner-ipvs-unsupported';
const NAME = 'submariner-hostnet-rule-deleted';
const SERVICES = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.95.0.10:53 rr
  -> 10.9.0.9:53                  Masq    1      0          0
`;

describe(ID, () => {
  test('globalnet with IPVS is named as a possibility, never as more', () => {
    const judged = bundleOf(NAME)
      .withFile('c2-worker/ipvsadm_-Ln.txt', SERVICES)
      .edited(
        'c2-worker/iptables-save.txt',
        ':SUBMARINER-POSTROUTING',
        ':SM-GN-EGRESS-PODS - [0:0]\n:SUBMARINER-POSTROUTING',
      )
      .edited('c2-worker/iptables-save.txt', /([\s\S]*\*nat\n)/, '$1:SM-GN-INGRESS - [0:0]\n')
      .judge(flowOf(NAME));
    expect(findingOf(judged, ID)?.confidence).toBe('possible');
    expect(judged.found[0]?.id).not.toBe(ID);
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('kube-proxy in iptables mode is supported', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test('a flow that works is left alone', () => {
    expect(findingOf(bundleOf('submariner-healthy').judge(flowOf('submariner-healthy')), ID)).toBeUndefined();
  });

  test("kube-proxy's device for IPVS is there and its table is missing: it would tell", () => {
    const device =
      '31: kube-ipvs0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default\n    link/ether 02:00:00:00:00:31 brd ff:ff:ff:ff:ff:ff\n    inet 10.95.0.10/32 scope global kube-ipvs0\n';
    const dark = bundleOf(NAME).without('ipvsadm', 'c2-worker/');
    const judged = dark.appended('c2-worker/ip_addr.txt', device).judge(flowOf(NAME));
    expect(findingOf(judged, ID)).toBeUndefined();
    expect(neededFor(judged, ID)).toEqual(['ipvsadm c2-worker']);
    expect(neededFor(dark.judge(flowOf(NAME)), ID)).toBeUndefined();
  });
});
