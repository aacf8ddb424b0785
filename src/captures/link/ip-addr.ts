import { parse } from '#grammars/ip-addr';
import { textOrJson } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader } from '../module.ts';
import { linkFromJson } from './link-json.ts';
import { LinkSink } from './link-sink.ts';

/** `ip addr`, `ip link` (iproute2 ip/ipaddress.c, ip/iplink_*.c; busybox) and `ifconfig`. */
export const ipAddr: CaptureModule = {
  programs: 'ip ifconfig',
  precedence: 130,
  mask: usualMask,
  formats: [
    {
      kind: 'ip-addr',
      words: [
        { words: 'ipaddr|ipaddress|ipa|ipaddrshow|ipaddressshow|ipaddrs' },
        { words: 'ipv6addrshow|ip6addr|ipv6addr', family: 6 },
        { words: 'ifconfig' },
        { words: 'addr|address|addresses', common: true },
      ],
      object: { of: 'ip', names: 'address|addresses|addr|addrs|ad|a' },
      firstLine: /^1: lo: <LOOPBACK/,
      nameDecides: ['ip-link'],
      scope: 'namespace',
      collect: 'ip -d addr',
    },
    {
      kind: 'ip-link',
      words: [{ words: 'iplink|iplinkshow|iplinks' }, { words: 'link|links|interfaces', common: true }],
      object: { of: 'ip', names: 'link|links|li|l|interface|interfaces' },
      nameDecides: ['ip-addr'],
      scope: 'namespace',
      collect: 'ip -s -d link',
    },
  ],
  open(input) {
    const sink = new LinkSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ links: sink.finish() }));
    return textOrJson(reader, sink, linkFromJson);
  },
  sniff(head) {
    const addresses = /^[ \t]+inet6? |^\d+: \S+[ \t]+inet6? \S+\/\d+|"addr_info"/m.test(head);
    const links =
      /^\d+: [^:\s]+: <[A-Z0-9_,-]*> mtu |^\S+: flags=\d+<|^\S+\s+Link encap:|^\[\s*\{\s*"ifindex"\s*:\s*\d+,\s*"ifname"/m.test(
        head,
      );
    if (addresses) return 'ip-addr';
    return links ? 'ip-link' : undefined;
  },
};
