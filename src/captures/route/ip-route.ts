import { parse } from '#grammars/ip-route';
import { type JsonItem, list, object, text, textOrJson, texts } from '../json-items.ts';
import { usualMask } from '../masking/masked-lines.ts';
import { type CaptureInput, type CaptureModule, grammarReader } from '../module.ts';
import { hopOf, type RouteAttribute, routeDraft } from './route-draft.ts';
import { RouteSink } from './route-sink.ts';

/** JSON keys that are printed under another name in text. */
const NAMES: Readonly<Record<string, string>> = {
  gateway: 'via',
  protocol: 'proto',
  prefsrc: 'src',
  'dst-tos': 'tos',
};
const PAIRS = new Set('dev table scope metric nhid tos pref expires error from uid'.split(' '));

const attributesOf = (value: Readonly<Record<string, unknown>>): RouteAttribute[] => {
  const out: RouteAttribute[] = [];
  for (const [key, field] of Object.entries(value)) {
    const name = NAMES[key] ?? key;
    const word = text(field);
    if (word !== undefined && (name !== key || PAIRS.has(key) || key === 'weight')) out.push([name, word]);
    else if (key === 'via') out.push(['via-foreign', text(object(field).host) ?? '']);
  }
  for (const flag of texts(value.flags)) out.push([flag, '']);
  for (const metrics of list(value.metrics).map(object))
    for (const [key, field] of Object.entries(metrics)) {
      const word = text(field);
      const locked = metrics.lock === true || texts(metrics.lock).includes(key) || metrics[`${key}_lock`] === true;
      if (word !== undefined) out.push([key, locked ? `lock ${word}` : word]);
    }
  return out;
};

const fromJson =
  (input: CaptureInput) =>
  (sink: RouteSink, { value }: JsonItem): void => {
    const destination = text(value.dst);
    if (destination === undefined) return;
    const attributes = attributesOf(value);
    if (attributes.some(([name]) => name === 'uid')) {
      sink.ignore();
      return;
    }
    const known = { family: input.family, table: sink.table };
    const draft = routeDraft(sink.source(), text(value.type) ?? null, destination, attributes, known);
    if (!draft) {
      sink.raw(JSON.stringify(value));
      return;
    }
    for (const hop of list(value.nexthops)) draft.nextHops.push(hopOf(attributesOf(object(hop))));
    sink.add(draft);
  };

/* Neighbours and forwarding entries begin like routes: a MAC address, a link-layer address or a neighbour's state tells them apart. */
const ROW =
  /^(?:[a-z]+ )?(?!(?:[0-9a-f]{2}:){5}[0-9a-f]{2} )(?:default|[0-9a-fA-F]*[.:][0-9a-fA-F:.]*(?:\/\d+)?)[ \t]+(?:via (?:inet6? )?[0-9a-fA-F:.]+|dev \S+|proto \S+|metric \d|scope [a-z]|encap \w|nhid \d)(?!.*(?:\blladdr\b|\b(?:REACHABLE|STALE|FAILED|INCOMPLETE|PERMANENT|NOARP|DELAY|PROBE)\b| proxy\s*$))/m;
const TYPED_ROW = /^(?:throw|blackhole|unreachable|prohibit) (?:default|[0-9a-fA-F]*[.:][0-9a-fA-F:.]*(?:\/\d+)?)\s/m;
const NET_TOOLS = /^(?:Kernel IP(?:v6)? routing table|Destination\s+Gateway\s+Genmask)/m;
const JSON_ROW = /^\[\s*\{\s*(?:"type":\s*"\w+",\s*)?"dst":\s*"[^"]+",\s*(?!"dev":\s*"[^"]+",\s*(?:"lladdr"|"state"))/;

/** `ip route` (iproute2 ip/iproute.c; busybox), `route -n`, `netstat -rn`. */
export const ipRoute: CaptureModule = {
  programs: 'ip route netstat',
  precedence: 210,
  mask: usualMask,
  formats: [
    {
      kind: 'ip-route',
      words: [
        { words: 'iproute|iprouteshow|iproutes|ip4route' },
        { words: 'ipv6route|ip6route|ip6routes|iproute6', family: 6 },
        { words: 'netstat rn|nr|route|r' },
        { words: 'route table', common: true },
        { words: 'route|routes|routing', common: true },
      ],
      object: { of: 'ip', names: 'route|routes|routing|ro|r' },
      firstLine:
        /^(?:default (?:via|dev|proto) |(?:(?:local|broadcast|unreachable|blackhole|multicast|anycast) )?[0-9a-f.:]+(?:\/\d+)? (?:dev \S+|via \S+ dev \S+) (?:proto|scope|table|metric|src|onlink)\b)/,
      kin: 'routing',
      scope: 'namespace',
      collect: 'ip route show table all; ip -6 route show table all',
    },
  ],
  open(input) {
    const sink = new RouteSink(input);
    const reader = grammarReader(input, sink, parse, () => ({ routes: sink.finish() }));
    return textOrJson(reader, sink, fromJson(input));
  },
  sniff: (head) =>
    ROW.test(head) || TYPED_ROW.test(head) || NET_TOOLS.test(head) || JSON_ROW.test(head) ? 'ip-route' : undefined,
};
