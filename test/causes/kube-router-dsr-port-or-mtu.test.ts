import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { waiting } from './services.ts';

const ID = 'kube-router-dsr-port-or-mtu';
const NAME = 'kube-router-svip-healthy';
const TUNNEL =
  '9: kube-tunnel-if@NONE: <NOARP,UP,LOWER_UP> mtu 1480 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/ipip 10.244.1.16 brd 0.0.0.0\n    ipip any remote any local 10.244.1.16 ttl inherit nopmtudisc \n    inet 203.0.113.80/32 scope global kube-tunnel-if\n       valid_lft forever preferred_lft forever\n';
const dsr = () =>
  bundleOf(NAME)
    .without('tcpdump')
    .without('conntrack')
    .withoutFile('nf_conntrack.txt')
    .withoutFile('worker-1/ipvsadm_-Ln_--stats.txt')
    .edited(
      'worker-1/ipvsadm_-Ln.txt',
      /TCP {2}203\.0\.113\.80:443 rr\n {2}->.*\n/,
      'FWM  3305 rr\n  -> 10.244.1.16:443              Tunnel  1      0          0         \n',
    );
const marked = () =>
  dsr().edited(
    'worker-1/iptables-save.txt',
    /^/,
    '*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n[5:300] -A PREROUTING -d 203.0.113.80/32 -p tcp -m tcp --dport 443 -j MARK --set-xmark 0xce9/0xffffffff\nCOMMIT\n',
  );
const FLOW = { ...flowOf(NAME), sport: 40001 };
const failing = () => waiting(marked(), FLOW);

describe(ID, () => {
  test('holds for a pod that does not have the address', () => {
    const judged = failing().judge(FLOW);
    expect(findingOf(judged, ID)).toMatchObject({
      confidence: 'certain',
      node: 'worker-1',
      values: { missing: 'address', server: '10.244.1.16' },
    });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('holds for a strict reverse path filter, and for another port', () => {
    const strict = failing()
      .appended('worker-1/netns/tls-1/ip_addr.txt', TUNNEL)
      .appended('worker-1/netns/tls-1/sysctl_-a.txt', 'net.ipv4.conf.all.rp_filter = 1\n')
      .judge(FLOW);
    expect(findingOf(strict, ID)).toMatchObject({ values: { missing: 'rp-filter', device: 'kube-tunnel-if' } });
    expect(unsaid(strict, ID)).toEqual([]);
    const port = failing()
      .appended('worker-1/netns/tls-1/ip_addr.txt', TUNNEL)
      .appended('worker-1/netns/tls-1/sysctl_-a.txt', 'net.ipv4.conf.all.rp_filter = 0\n')
      .judge(FLOW);
    expect(findingOf(port, ID)).toMatchObject({ values: { missing: 'port', listens: '8443' } });
    expect(unsaid(port, ID)).toEqual([]);
  });

  test('an ordinary service is no case of it', () => {
    expect(findingOf(bundleOf(NAME).judge(flowOf(NAME)), ID)).toBeUndefined();
  });

  test("without the pod's addresses it is undecided", () => {
    const judged = failing().without('ip-addr', 'netns/tls-1').without('ip-link', 'netns/tls-1').judge(FLOW);
    expect(judged.undecided.find((u) => u.id === ID)?.missing[0]?.kind).toBe('ip-addr');
  });
});
