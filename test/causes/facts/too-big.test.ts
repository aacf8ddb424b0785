import { describe, expect, test } from 'vitest';
import { hostFlow, listening } from '../host-firewall.ts';
import { packet } from '../pods.ts';
import { findingOf, unsaid } from '../said.ts';

const ID = 'overlay-mtu-blackhole';
const flow = { ...hostFlow(listening()), proto: 'icmp', sport: 91, dport: undefined } as const;
const request = (second: number, length: number) =>
  packet(second, `${flow.src} > ${flow.dst}: ICMP echo request, id 91, seq ${second}, length ${length}`);
const tooBig = (second: number, mtu: number) =>
  packet(second, `${flow.dst} > ${flow.src}: ICMP ${flow.dst} unreachable - need to frag (mtu ${mtu}), length 556`);
const judged = (packets: string) => listening().withFile('fn-1/tcpdump/eth0.txt', packets).judge(flow);

describe('what an ICMP message says of a packet that is too long', () => {
  test('holds where an ICMP message tells the MTU and the flow fails', () => {
    const found = judged(request(1, 1480) + tooBig(1.1, 1380) + request(2, 1480) + tooBig(2.1, 1380));
    expect(findingOf(found, ID)).toMatchObject({ confidence: 'likely', values: { mtu: 1380, times: 2 } });
    expect(findingOf(found, ID)?.evidence[0]?.source.line).toBe(2);
    expect(unsaid(found, ID)).toEqual([]);
  });

  test('a path whose MTU was learnt works: the shorter request was answered', () => {
    const reply = packet(3.1, `${flow.dst} > ${flow.src}: ICMP echo reply, id 91, seq 3, length 1300`);
    expect(findingOf(judged(request(1, 1480) + tooBig(1.1, 1380) + request(3, 1300) + reply), ID)).toBeUndefined();
  });

  test('another error is another cause', () => {
    const unreachable = packet(1.1, `${flow.dst} > ${flow.src}: ICMP host ${flow.dst} unreachable, length 556`);
    expect(findingOf(judged(request(1, 1480) + unreachable), ID)).toBeUndefined();
  });
});
