import { describe, expect, test } from 'vitest';
import { bundleOf, flowOf } from './bundle.ts';
import { findingOf, unsaid } from './said.ts';
import { unreplied } from './services.ts';

const ID = 'ack-matrix';
const PRE = 'ack-local-pre124-nodeport-no-endpoint';
const TERWAY = 'ack-local-124-nodeport-external-terway';
const SLB = 'ack-local-124-slb-from-no-endpoint-node-terway';
const FLANNEL = 'ack-local-124-slb-from-no-endpoint-node-flannel';
const CLB = 'ack-clb-port-without-service';
const CLUSTER = 'ack-cluster-nodeport-external';
const V = '47.243.247.219';

describe(ID, () => {
  test.each([
    ['M01', true, PRE, { src: '10.0.3.72', dst: '10.0.2.84', dport: 30479, start: 'client-10.0.3.72' }],
    ['M02', false, PRE, { src: '10.0.3.72', dst: '10.0.0.140', dport: 30479, start: 'client-10.0.3.72' }],
    ['M03', true, TERWAY, { src: '10.0.3.72', dst: '10.0.2.77', dport: 30745, start: 'client-10.0.3.72' }],
    ['M04', false, TERWAY, { src: '10.0.3.72', dst: '10.0.5.168', dport: 30745, start: 'client-10.0.3.72' }],
    ['M05', true, FLANNEL, { src: '10.0.3.72', dst: '10.0.4.176', dport: 31218, start: 'client-10.0.3.72' }],
    ['M06', true, PRE, { src: '10.0.2.84', dst: '10.0.2.84', dport: 30479, start: 'cn-hongkong.10.0.2.84' }],
    ['M08', false, PRE, { src: '10.0.0.140', dst: '10.0.0.140', dport: 30479, start: 'cn-hongkong.10.0.0.140' }],
    ['M10', false, CLB, { src: '192.168.1.200', dst: '192.168.1.200', dport: 443, start: 'cn-hangzhou.192.168.1.12' }],
    [
      'M10',
      false,
      CLB,
      { src: '192.168.1.102', dst: '192.168.1.200', dport: 443, start: 'cn-hangzhou.192.168.1.12/pod2' },
    ],
    ['M11', true, SLB, { src: V, dst: V, dport: 80, start: 'cn-hongkong.10.0.2.77' }],
    ['M12', true, FLANNEL, { src: '10.0.4.176', dst: '10.0.4.176', dport: 31218, start: 'cn-hongkong.10.0.4.176' }],
    [
      'M13',
      false,
      TERWAY,
      { src: '10.0.2.77', sport: 40001, dst: '10.0.5.168', dport: 30745, start: 'cn-hongkong.10.0.2.77' },
    ],
    ['M14', false, SLB, { src: V, dst: V, dport: 80, start: 'cn-hongkong.10.0.4.141' }],
    ['M15', true, FLANNEL, { src: '47.242.86.39', dst: '47.242.86.39', dport: 80, start: 'cn-hongkong.10.0.4.176' }],
    ['M16', true, SLB, { src: '10.0.4.142', dst: V, dport: 80, start: 'cn-hongkong.10.0.4.141/client' }],
    ['M17', true, CLUSTER, { src: '10.0.3.72', dst: '10.0.5.168', dport: 30745, start: 'client-10.0.3.72' }],
    ['M18', true, CLUSTER, { src: V, dst: V, dport: 80, start: 'cn-hongkong.10.0.5.168' }],
    ['M18', true, CLUSTER, { src: '10.0.5.169', dst: V, dport: 80, start: 'cn-hongkong.10.0.5.168/client' }],
    ['M20', true, 'ok-ipvs-cross-node-flannel', { src: '10.160.0.9', dst: '10.161.5.1', dport: 80, start: 'fn-1/ui' }],
  ])('%s', (row, works, name, flow) => {
    const judged = bundleOf(name).judge(flow);
    expect(findingOf(judged, ID)?.values).toMatchObject({ row, works });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test.each([
    ['M07', true, 'cn-hongkong.10.0.2.84', '  -> 10.0.2.87:80                 Masq    1      0          0         \n'],
    ['M09', false, 'cn-hongkong.10.0.0.140', ''],
  ])('%s, with a load balancer address added to the recorded node port', (row, works, start, server) => {
    const address = '198.51.100.80';
    let bundle = bundleOf(PRE).without('tcpdump').withoutFile('ipvsadm_-Ln_--stats.txt');
    for (const node of ['cn-hongkong.10.0.0.140', 'cn-hongkong.10.0.2.84', 'cn-hongkong.10.0.4.174']) {
      const own =
        node === start
          ? server
          : node === 'cn-hongkong.10.0.2.84'
            ? '  -> 10.0.2.87:80                 Masq    1      0          0         \n'
            : '';
      bundle = bundle
        .appended(`${node}/ipvsadm_-Ln.txt`, `TCP  ${address}:80 rr\n${own}`)
        .edited(
          `${node}/ip_addr.txt`,
          /( {4}inet \S+ scope global kube-ipvs0\n)/,
          `$1       valid_lft forever preferred_lft forever\n    inet ${address}/32 scope global kube-ipvs0\n`,
        )
        .appended(
          `${node}/ip_route.txt`,
          `local ${address} dev kube-ipvs0 table local proto kernel scope host src ${address}\n`,
        )
        .edited(
          `${node}/ipset_list.txt`,
          /(Name: KUBE-LOAD-BALANCER\n(?:.+\n)*?)Number of entries: \d+\nMembers:\n/,
          `$1Number of entries: 1\nMembers:\n${address},tcp:80\n`,
        )
        .edited(
          `${node}/ipset_list.txt`,
          /(Name: KUBE-LOAD-BALANCER-LOCAL\n(?:.+\n)*?)Number of entries: \d+\nMembers:\n/,
          `$1Number of entries: 1\nMembers:\n${address},tcp:80\n`,
        );
    }
    const judged = bundle.judge({ src: address, sport: 40001, dst: address, dport: 80, start });
    expect(findingOf(judged, ID)?.values).toMatchObject({ row, works });
  });

  test('M19: a client outside, by the address of the load balancer, on a node with an endpoint', () => {
    const judged = bundleOf(SLB)
      .without('tcpdump')
      .without('conntrack')
      .withoutFile('nf_conntrack.txt')
      .withoutNode('cn-hongkong.10.0.4.141')
      .withoutNode('cn-hongkong.10.0.0.171')
      .edited('cn-hongkong.10.0.2.77/ipvsadm_-Ln.txt', / {2}-> 10\.0\.0\.172:80.*\n/g, '')
      .edited('cn-hongkong.10.0.2.77/ipvsadm_-Ln_--stats.txt', / {2}-> 10\.0\.0\.172:80.*\n/g, '')
      .judge({ src: '203.0.113.9', sport: 40001, dst: V, dport: 80 });
    expect(findingOf(judged, ID)?.values).toMatchObject({ row: 'M19', works: true });
  });

  test('a flow that goes otherwise than its row is said to', () => {
    const asked = {
      proto: 'tcp',
      src: '10.0.3.72',
      sport: 41999,
      dst: '10.0.2.77',
      dport: 30745,
      start: 'client-10.0.3.72',
    };
    const judged = bundleOf(TERWAY)
      .without('tcpdump')
      .appended('cn-hongkong.10.0.2.77/conntrack_-L.txt', unreplied(asked, '10.0.2.78', 80, '10.0.3.72'))
      .judge(asked);
    expect(findingOf(judged, ID)?.values).toMatchObject({ row: 'M03', works: true, agrees: false });
    expect(unsaid(judged, ID)).toEqual([]);
  });

  test('a flow without a service is no row', () => {
    expect(findingOf(bundleOf('gen-rp-filter-strict').judge(flowOf('gen-rp-filter-strict')), ID)).toBeUndefined();
  });
});
