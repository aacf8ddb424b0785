import type { NetNamespace } from '../network/namespace.ts';
import type { MatchOption, NftChain, NftRule, NftTable, Rule, RuleTable } from '../records/iptables.ts';
import type { StateLine } from './state-line.ts';

/** Lines of iptables, nftables and ipset. */
export const filterLines = (ns: NetNamespace): readonly StateLine[] => [
  ...ns.tables.flatMap(iptablesLines),
  ...ns.nftTables.flatMap(nftLines),
  ...[...ns.sets.values()].flatMap((set): StateLine[] => [
    {
      ...NOTHING,
      kind: 'set',
      captures: ['ipset'],
      within: set.name,
      id: set.name,
      content: set.type,
      source: set.source,
    },
    ...set.members.map(
      (member): StateLine => ({
        kind: 'set-member',
        captures: ['ipset'],
        within: set.name,
        id: `${set.name} ${member.parts.join(',')}`,
        content: member.nomatch ? 'nomatch' : '',
        source: member.source,
        addresses: member.parts.filter(isAddress),
        ports: [],
        device: undefined,
      }),
    ),
  ]),
];

const NOTHING = { addresses: [], ports: [], device: undefined } as const;

const isAddress = (text: string): boolean => /^[0-9a-f.:]+(?:\/\d+)?$/i.test(text) && /[.:]/.test(text);

const RULES = ['iptables-save', 'iptables-list', 'nft-ruleset'] as const;

const iptablesLines = (table: RuleTable): StateLine[] =>
  [...table.chains.values()].flatMap((chain) => {
    const within = `${table.family === 6 ? 'ip6tables' : 'iptables'} ${table.name} ${chain.name}`;
    return [
      ...(chain.policy === undefined
        ? []
        : [
            {
              ...NOTHING,
              kind: 'chain-policy' as const,
              captures: RULES,
              within,
              id: within,
              content: chain.policy,
              source: chain.source,
            },
          ]),
      ...chain.rules.map((rule) => ruleLine(rule, within)),
    ];
  });

const optionText = ({ flag, invert, values }: MatchOption): string =>
  `${invert ? '! ' : ''}${flag} ${values.join(' ')}`;

const ruleLine = (rule: Rule, within: string): StateLine => {
  const options = rule.matches.filter((match) => match.name !== 'comment').flatMap((match) => match.options);
  const text = [
    ...options.map(optionText),
    ...(rule.target ? [rule.target.goto ? '-g' : '-j', rule.target.name, ...rule.target.options.map(optionText)] : []),
  ].join(' ');
  const used = options.filter((option) => !option.invert);
  return {
    kind: 'iptables-rule',
    captures: RULES,
    within,
    id: `${within} ${text}`,
    content: '',
    source: rule.source,
    addresses: used.filter(({ flag }) => /^(?:-s|-d|--ctorig(?:src|dst))$/.test(flag)).flatMap(({ values }) => values),
    ports: used
      .filter(({ flag }) => /^--d(?:estination-)?ports?$/.test(flag))
      .flatMap(({ values }) => values.flatMap((value) => value.split(',').map(Number)))
      .filter((port) => Number.isInteger(port)),
    device: undefined,
  };
};

const nftLines = (table: NftTable): StateLine[] => [
  ...[...table.chains.values()].flatMap((chain) => nftChainLines(table, chain)),
  ...[...table.sets.values()].flatMap((set) => {
    const within = `${table.family} ${table.name} ${set.name}`;
    return set.elements.map(
      (element): StateLine => ({
        kind: 'nft-element',
        captures: ['nft-ruleset'],
        within,
        id: `${within} ${element}`,
        content: '',
        source: set.source,
        addresses: element.split(/[\s:,-]+/).filter(isAddress),
        ports: [],
        device: undefined,
      }),
    );
  }),
];

const nftChainLines = (table: NftTable, chain: NftChain): StateLine[] => {
  const within = `${table.family} ${table.name} ${chain.name}`;
  return [
    ...(chain.hook === undefined
      ? []
      : [
          {
            ...NOTHING,
            kind: 'nft-chain' as const,
            captures: ['nft-ruleset' as const],
            within,
            id: within,
            content: `${chain.hook} ${chain.priority ?? ''} ${chain.policy ?? ''}`,
            source: chain.source,
          },
        ]),
    ...chain.rules.map((rule) => nftRuleLine(rule, within)),
  ];
};

/** What a rule does, without its counters, comment and handle, which change from one dump to the next. */
const nftRuleLine = (rule: NftRule, within: string): StateLine => {
  const telling = rule.statements.filter(({ kind }) => kind !== 'counter' && kind !== 'comment');
  return {
    kind: 'nft-rule',
    captures: ['nft-ruleset'],
    within,
    id: `${within} ${JSON.stringify(telling)}`,
    content: '',
    source: rule.source,
    addresses: telling.flatMap((s) => (s.kind === 'match' && s.op === '==' && isAddress(s.right) ? [s.right] : [])),
    ports: telling.flatMap((s) =>
      s.kind === 'match' && s.op === '==' && s.left.endsWith('dport') && /^\d+$/.test(s.right) ? [Number(s.right)] : [],
    ),
    device: undefined,
  };
};
