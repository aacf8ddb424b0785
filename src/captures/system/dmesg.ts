import { parse } from '#grammars/dmesg';
import type { KernelMessage } from '../../records/counter.ts';
import type { LoggedPacket } from '../../records/logged-packet.ts';
import { flatten } from '../../tables/interner.ts';
import { freeText } from '../masking/free-text.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader, LineSink } from '../module.ts';
import { loggedPacket } from './logged-packet.ts';

/** Kernel messages that tell of a packet's fate or of a table, device or service on its way; wordings of Linux 3.10 to 6.12. */
const OF_INTEREST: readonly RegExp[] = [
  // Tables and limits.
  /(?:nf|ip)_conntrack: .*(?:table full|expectation table full)/,
  /neighbou?r table overflow|neighbour: \w+: neighbor table overflow/i,
  /dst cache overflow|Route cache is full|time wait bucket table overflow/,
  /TCP: (?:out of memory|too many orphaned sockets|request_sock_\w+: )|[Pp]ossible SYN flooding/,
  /net_ratelimit: \d+ callbacks suppressed/,
  // Addresses that cannot be, or are held twice.
  /martian (?:source|destination)|^ll header: /,
  /ate my IP address|duplicate address|with own address as source address|IPv6 duplicate/i,
  // Services of the packet's way.
  /\bIPVS: /,
  /\b(?:ip_?tables|ip6_?tables|x_tables|nf_tables|nf_nat|nf_conntrack|nf_defrag\w*|ip_set|ipset|xt_\w+|br_netfilter|ebtables): /,
  /bridge: (?:filtering via|automatic filtering)/,
  /\b(?:xfrm\w*|IPsec|ESP|esp[46]|vxlan|geneve|wireguard|ipip|sit|gre|tun|veth|ipvlan|macvlan|bonding|team): /,
  /\bIN=\S* OUT=\S* /,
  // Devices.
  /\b(?:NIC )?[Ll]ink (?:is )?(?:[Uu]p|[Dd]own)\b|link is not ready|link becomes ready|carrier (?:lost|acquired)/,
  /entered (?:forwarding|disabled|blocking|learning) state|(?:entered|left) promiscuous mode|renamed from /,
  /NETDEV WATCHDOG|transmit queue \d+ timed out|Unit Hang|Tx hang|hw csum failure|oversized packet/i,
  /unregister_netdevice: waiting for/,
  // The whole node.
  /blocked for more than \d+ seconds|soft lockup|rcu.*(?:detected stalls|self-detected stall)/,
];

class MessageSink extends LineSink {
  readonly messages: KernelMessage[] = [];

  message(time: number | undefined, text: string): void {
    if (!OF_INTEREST.some((pattern) => pattern.test(text))) {
      this.ignore();
      return;
    }
    this.records += 1;
    const packet = loggedPacket(text);
    this.messages.push({
      source: this.source(),
      time,
      text: flatten(shownText(text.trimEnd(), packet)),
      ...(packet ? { packet } : {}),
    });
  }
}

/** Of a packet that a rule logged, people wrote the prefix alone. */
const shownText = (text: string, packet: LoggedPacket | undefined): string => {
  const at = packet?.sort === 'log' ? text.search(/(?<![A-Z])IN=\S* OUT=/) : -1;
  return at < 0 ? freeText(text) : freeText(text.slice(0, at)) + text.slice(at);
};

/** `dmesg`, `journalctl -k`, kern.log: messages about networking; the others are read and left out. */
export const dmesg: CaptureModule = {
  programs: 'dmesg',
  precedence: 190,
  mask: usualMask,
  formats: [
    {
      kind: 'dmesg',
      words: [{ words: 'dmesg' }],
      // syslog's form, with a host's name or without, and the kernel's own stamp; nothing else begins so.
      firstLine:
        /^(?:<\d+>)?\[ {0,4}\d{1,8}\.\d{6}\] \S|^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[\w.-]{1,64} )?kernel: /,
      nameDecides: 'always',
      scope: 'node',
      collect: 'dmesg',
    },
  ],
  open: (input) => grammarReader(input, new MessageSink(input), parse, (sink) => ({ messages: [...sink.messages] })),
  sniff: (head) =>
    /^(?:<\d+>)?\[ *\d+\.\d{6}\] \S|^\[\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}\] \S|^\w{3} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?kernel: /m.test(
      head,
    )
      ? 'dmesg'
      : undefined,
};
