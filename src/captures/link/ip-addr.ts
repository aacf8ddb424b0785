import { parse } from '#grammars/ip-addr';
import { textOrJson } from '../json-items.ts';
import { type CaptureModule, grammarReader } from '../module.ts';
import { linkFromJson } from './link-json.ts';
import { LinkSink } from './link-sink.ts';

/** `ip addr`, `ip link` (iproute2 ip/ipaddress.c, ip/iplink_*.c; busybox) and `ifconfig`. */
export const ipAddr: CaptureModule = {
  kinds: ['ip-addr', 'ip-link'],
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
