import type { Analysis } from '../judging/analysis.ts';

/** A name to be replaced; the kind becomes the replacement's first word (`node-1`, `service-2`). */
export interface RedactedName {
  readonly kind: 'node' | 'pod' | 'service' | 'namespace' | 'host' | 'bundle';
  readonly name: string;
}

/** Namespaces and words that every cluster has: they tell nothing, and the report reads better with them. */
const COMMON: ReadonlySet<string> = new Set([
  'default',
  'kube-system',
  'kube-public',
  'kubernetes',
  'kube-dns',
  'localhost',
]);

/** `namespace/service:port` in a comment, as kube-proxy writes it in iptables-save, nft and `iptables -L`. */
const COMMENT_SERVICE = /(?:comment "?|\/\* )([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*?)(?::[a-z0-9-]+)?(?=[ "*]|$)/g;
/** kube-router's comments on its pod chains. */
const COMMENT_POD = /POD name:\s*([a-z0-9][a-z0-9.-]*)\s+namespace:\s*([a-z0-9][a-z0-9-]*)/g;
/** Names of hosts with a domain. The last part is a word, so that versions and file names are none. */
const HOST =
  /(?<![\w.@/-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:internal|local|lan|corp|com|net|org|io|cn|cloud)(?![\w-])/g;

const VALUE_KINDS: ReadonlyMap<string, RedactedName['kind']> = new Map([
  ['service', 'service'],
  ['pod', 'pod'],
  ['host', 'host'],
  ['hostname', 'host'],
  ['node', 'node'],
]);

const fromText = (text: string): RedactedName[] => {
  const names: RedactedName[] = [];
  for (const match of text.matchAll(COMMENT_SERVICE))
    names.push({ kind: 'namespace', name: match[1] ?? '' }, { kind: 'service', name: match[2] ?? '' });
  for (const match of text.matchAll(COMMENT_POD))
    names.push({ kind: 'pod', name: match[1] ?? '' }, { kind: 'namespace', name: match[2] ?? '' });
  for (const match of text.matchAll(HOST)) names.push({ kind: 'host', name: match[0] });
  return names;
};

/** Names in values whose key says that they are one: `service: 'shop/cart'`. */
const fromValues = (value: unknown, out: RedactedName[]): void => {
  if (value instanceof Map) for (const item of value.values()) fromValues(item, out);
  else if (Array.isArray(value)) for (const item of value) fromValues(item, out);
  else if (typeof value === 'object' && value !== null)
    for (const [key, item] of Object.entries(value)) {
      const kind = VALUE_KINDS.get(key);
      if (kind !== undefined && typeof item === 'string' && item !== '') {
        const parts = item.split('/');
        if (kind === 'service' && parts.length === 2)
          out.push(
            { kind: 'namespace', name: parts[0] ?? '' },
            { kind: 'service', name: (parts[1] ?? '').split(':')[0] ?? '' },
          );
        else out.push({ kind, name: parts[0] ?? '' }, ...(parts[1] ? [{ kind: 'pod' as const, name: parts[1] }] : []));
      } else if (typeof item === 'object') fromValues(item, out);
    }
};

/** Names that the analysis itself shows: pod namespaces, hosts, and what comments and values call services and pods. */
export const namesIn = (analysis: Analysis): RedactedName[] => {
  const names: RedactedName[] = analysis.bundle.nodes.flatMap((node) =>
    node.namespaces.map((namespace): RedactedName => ({ kind: 'pod', name: namespace.name.split('/').at(-1) ?? '' })),
  );
  fromValues({ ...analysis, quotes: undefined }, names);
  for (const lines of analysis.quotes.values()) for (const text of lines.values()) names.push(...fromText(text));
  for (const { text } of analysis.unread) names.push(...fromText(text));
  return names.filter(({ name }) => name !== '' && !COMMON.has(name));
};
