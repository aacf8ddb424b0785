import { parse } from '#grammars/ip-neigh';
import type { Neighbour } from '../../records/route.ts';
import { addressFamily, canonicalAddress } from '../../tables/address.ts';
import { Interner } from '../../tables/interner.ts';
import { AddressSink } from '../address-sink.ts';
import { type JsonItem, text, textOrJson, texts } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader } from '../module.ts';

const STATES = new Set('REACHABLE STALE PERMANENT FAILED INCOMPLETE NOARP DELAY PROBE NONE'.split(' '));

/* linux/if_arp.h */
const ATF_COM = 0x02;
const ATF_PERM = 0x04;
const ATF_PUBL = 0x08;

class NeighbourSink extends AddressSink {
  readonly neighbours: Neighbour[] = [];
  readonly #names = new Interner();
  /** `ip neigh show dev eth0` does not repeat the device. */
  readonly #device: string | undefined;

  constructor(input: CaptureInput) {
    super(input);
    this.#device = /(?:^|[\s_])dev[ _](\S+)/.exec(input.command ?? '')?.[1];
  }

  entry(address: string, attributes: readonly (readonly [string, string])[]): void {
    const value = (name: string) => attributes.find(([key]) => key === name)?.[1];
    const flags = new Set(attributes.filter(([, word]) => word === '').map(([key]) => key));
    this.add(address, value('dev') ?? this.#device, value('lladdr'), {
      states: [...flags].filter((flag) => STATES.has(flag)),
      router: flags.has('router'),
      proxy: flags.has('proxy'),
    });
  }

  /** The kernel's ARP table shows no age: a complete entry is STALE at best known, an incomplete one may as well have failed. */
  proc(address: string, flags: string, mac: string, device: string): void {
    const bits = Number.parseInt(flags, 16);
    const state = bits & ATF_PERM ? 'PERMANENT' : bits & ATF_COM ? 'STALE' : 'INCOMPLETE';
    const proxy = (bits & ATF_PUBL) !== 0;
    this.add(address, device, bits & ATF_COM ? mac : undefined, {
      states: proxy ? [] : [state],
      router: false,
      proxy,
    });
  }

  table(address: string, mac: string | undefined, flags: string, device: string): void {
    const state = flags.includes('M') ? 'PERMANENT' : mac === undefined ? 'INCOMPLETE' : 'STALE';
    const proxy = flags.includes('P');
    this.add(address, device, mac, { states: proxy ? [] : [state], router: false, proxy });
  }

  sentence(address: string, mac: string, flags: readonly string[], device: string): void {
    const known = mac !== '<incomplete>';
    this.table(
      address,
      known ? mac : undefined,
      flags.includes('PERM') ? 'M' : flags.includes('PUP') ? 'P' : '',
      device,
    );
  }

  add(
    printed: string,
    device: string | undefined,
    mac: string | undefined,
    rest: { readonly states: readonly string[]; readonly router: boolean; readonly proxy: boolean },
  ): void {
    const address = canonicalAddress(printed);
    const family = addressFamily(printed);
    if (address === undefined || family === undefined || device === undefined) {
      this.raw(`${printed} ${mac ?? ''}`.trim());
      return;
    }
    this.records += 1;
    this.neighbours.push({
      source: this.source(),
      family,
      address,
      dev: this.#names.intern(device),
      mac: mac === undefined ? undefined : this.#names.intern(mac.toLowerCase()),
      ...rest,
    });
  }
}

const fromJson = (sink: NeighbourSink, { value }: JsonItem): void => {
  const address = text(value.dst);
  if (address === undefined) return;
  sink.add(address, text(value.dev), text(value.lladdr), {
    states: texts(value.state),
    router: 'router' in value,
    proxy: 'proxy' in value,
  });
};

/** `ip neigh` (iproute2 ip/ipneigh.c), `arp` (net-tools, busybox), /proc/net/arp (net/ipv4/arp.c). */
export const ipNeigh: CaptureModule = {
  programs: 'ip arp',
  precedence: 150,
  mask: usualMask,
  formats: [
    {
      kind: 'ip-neigh',
      words: [
        { words: 'ipneigh|ipneighbour|ipneighbor' },
        { words: 'ipv6neighbour|ip6neigh|ipv6neigh|ipv6neighbor', family: 6 },
        { words: 'neigh|neighbor|neighbour|neighbours|neighbors|arp', common: true },
      ],
      object: { of: 'ip', names: 'neigh|neighs|neighbor|neighbors|neighbour|neighbours|nei|ne|n' },
      paths: [/(?:^|\/)proc\/(?:(?:self|\d{1,10})\/)?net\/arp$/],
      firstLine: /^[0-9a-f.:]+ dev \S+ (?:lladdr |(?:FAILED|INCOMPLETE)\b)/,
      kin: 'routing',
      scope: 'namespace',
      collect: 'ip neigh',
    },
  ],
  open(input) {
    const sink = new NeighbourSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ neighbours: [...sink.neighbours] }));
    return textOrJson(reader, sink, fromJson);
  },
  sniff: (head) =>
    /^[0-9a-fA-F:.]+ dev \S+ +(?:lladdr \S+ .*)?(?:ref \d+ .*)?(?:router )?(?:REACHABLE|STALE|DELAY|PROBE|FAILED|PERMANENT|NOARP|INCOMPLETE|proxy)/m.test(
      head,
    ) ||
    /^(?:Address +HWtype|IP address +HW type)/m.test(head) ||
    /^\S+ \([0-9.]+\) at (?:<incomplete>|[0-9a-f:]{17})/m.test(head) ||
    /^\[\s*\{\s*"dst":\s*"[^"]+",\s*"dev":\s*"[^"]+",\s*(?:"lladdr"|"state")/.test(head)
      ? 'ip-neigh'
      : undefined,
};
