import { parse } from '#grammars/ip-addr';
import type { Link } from '../../records/link.ts';
import { type JsonItem, number, text, textOrJson } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureModule, grammarReader } from '../module.ts';
import { linkDraft } from './link-draft.ts';
import { LinkSink } from './link-sink.ts';

/** A bridge port: its name, its bridge and whether frames may leave where they came in. All else is better told by `ip link`. */
const portOnly = ({ source, index, name, master, hairpin }: Link): Link => ({
  ...linkDraft(source, index, name),
  master,
  hairpin,
});

const fromJson = (sink: LinkSink, { value }: JsonItem): void => {
  const name = text(value.ifname);
  if (name === undefined) return;
  const link = linkDraft(sink.source(), number(value.ifindex), name);
  link.master = text(value.master);
  link.hairpin = typeof value.hairpin === 'boolean' ? value.hairpin : undefined;
  sink.add(link);
};

/** `bridge -d link` (iproute2 bridge/link.c). Its head lines are those of `ip link`. */
export const bridgeLink: CaptureModule = {
  programs: 'bridge',
  precedence: 120,
  mask: usualMask,
  formats: [
    {
      kind: 'bridge-link',
      words: [],
      object: { of: 'bridge', names: 'link' },
      nameDecides: ['ip-addr', 'ip-link'],
      scope: 'namespace',
      collect: 'bridge -d link',
    },
  ],
  open(input) {
    const sink = new LinkSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ links: sink.finish().map(portOnly) }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^\d+: \S+ .*> mtu \d+ master \S+ state (?:forwarding|disabled|listening|learning|blocking) priority /m.test(head)
      ? 'bridge-link'
      : undefined,
};
