import { type BundleTexts, kindOf } from '../causes/bundle.ts';

/** A bundle that lacks something, and what. */
export interface Variant {
  readonly name: string;
  readonly bundle: BundleTexts;
}

/** What is left of a text of a kind where the tool was called otherwise, or at another time. */
interface Lessened {
  readonly name: string;
  readonly edit: (path: string, text: string) => string;
}

/** Only the files of these kinds change. */
const ofKinds =
  (kinds: readonly (string | undefined)[], edit: (text: string) => string): Lessened['edit'] =>
  (path, text) =>
    kinds.includes(kindOf(path)) ? edit(text) : text;

const LESSENED: readonly Lessened[] = [
  // iptables -Z, a restart, a fresh node: nothing was counted yet.
  {
    name: 'counters zeroed',
    edit: (path, text) => {
      const kind = kindOf(path);
      if (kind === 'iptables-save') return text.replace(/\[\d+:\d+\]/g, '[0:0]');
      if (kind === 'nft-ruleset') return text.replace(/\bpackets \d+ bytes \d+/g, 'packets 0 bytes 0');
      if (kind === 'xfrm-stat') return text.replace(/^(Xfrm\S+\s+)\d+$/gm, '$10');
      if (kind === 'counters' && path.endsWith('nstat_-az.txt')) return text.replace(/^(\S+\s+)\d+(?=\s)/gm, '$10');
      return text;
    },
  },
  // iptables-save without -c.
  {
    name: 'rules without counters',
    edit: ofKinds(['iptables-save'], (text) => text.replace(/^\[\d+:\d+\] /gm, '').replace(/\[\d+:\d+\]$/gm, '[0:0]')),
  },
  // tcpdump before 4.99 prints neither device nor direction of `-i any`.
  {
    name: 'packets without devices',
    edit: ofKinds(['tcpdump'], (text) => text.replace(/^(\S+ \S+ )\S+ +(?:In|Out|P|B|M) +/gm, '$1')),
  },
  // tcpdump -t.
  { name: 'packets without times', edit: ofKinds(['tcpdump'], (text) => text.replace(/^\d{4}-\d\d-\d\d \S+ /gm, '')) },
  // tcpdump -c, or one that was ended early.
  {
    name: 'the first half of the packets',
    edit: ofKinds(['tcpdump'], (text) => {
      const lines = text.split('\n');
      return `${lines.slice(0, Math.ceil(lines.length / 2)).join('\n')}\n`;
    }),
  },
  // Collected after the attempts' entries had run out.
  {
    name: 'conntrack without unreplied entries',
    edit: ofKinds(['conntrack'], (text) => text.replace(/^.*\[UNREPLIED\].*\n/gm, '')),
  },
];

/** Each kind of capture taken away in turn, each node, the pods, the packets with the entries; then what other calls of the tools leave out. */
export const takenAway = (bundle: BundleTexts): readonly Variant[] => {
  const kinds = bundle.kinds().filter((kind) => kind !== 'hostname' && kind !== 'date');
  const nodes = bundle.nodes();
  return [
    ...kinds.map((kind) => ({ name: `without ${kind}`, bundle: bundle.without(kind) })),
    ...nodes.map((node) => ({ name: `without node ${node}`, bundle: bundle.withoutNode(node) })),
    { name: 'without pods', bundle: bundle.withoutPods() },
    { name: 'without packets and entries', bundle: bundle.without('tcpdump').without('conntrack') },
    { name: 'rules and routes only', bundle: withoutSightings(bundle) },
    ...LESSENED.map(({ name, edit }) => ({ name, bundle: bundle.mapped(edit) })),
  ];
};

/** The state alone, with nothing that was seen of any flow. */
const withoutSightings = (bundle: BundleTexts): BundleTexts =>
  (['tcpdump', 'conntrack', 'ipvsadm-connections', 'sockets', 'counters', 'xfrm-stat', 'dmesg'] as const).reduce(
    (left, kind) => left.without(kind),
    bundle,
  );
