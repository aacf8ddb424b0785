import { CAPTURE_MODULES } from '../../captures/registry.ts';

/** Words between a tool and what it shows, or behind it: options, tables, objects, output forms. */
export const OPTION_WORDS: ReadonlySet<string> = new Set(
  [
    'list ls l lst show sh s save dump all a v vv vvv n nn nv nvl nvxl vnxl vnl lnv lvn vn lv ln x c sc lsc line numbers linenumbers numeric exact stats stat statistics',
    't table tables nat filter mangle raw security legacy nft ruleset rules chain chains o extended oneline f family ipv4 ipv6 inet inet6 ip ip6 4 6 v4 v6',
    'd details detail stateless h human j json p br brief b e w m i u g z az zas as nud noarp cache type dev state policy proto',
    'id xml labels timestamp ktimestamp userspace count proc net sys cat get wide yaml output k8s link fdb vlan ns namespaces namespace system kube default',
    'svc services endpoints endpointslices pods nodes',
    ...CAPTURE_MODULES.flatMap(({ options }) => options ?? []),
  ].flatMap((words) => words.split(' ')),
);

/** Words that tell when an output was taken. */
export const TAKE_WORDS: ReadonlySet<string> = new Set(
  'before after during broken good bad ok working failing failed fail success healthy old new orig'.split(' '),
);

/** Words that alone are no node's name: of takes, of ends, of what is in the file. */
export const LABEL_WORDS: ReadonlySet<string> = new Set(
  (
    'before after during broken good bad ok working failing failed fail success healthy old new first second cat sudo proc sys net run cmd stdout show last final test host root client server output out log ' +
    'result results raw full all now today then start end begin orig original copy backup bak tmp current latest dump data info v4 v6 ipv4 ipv6 txt any main local global'
  ).split(' '),
);
