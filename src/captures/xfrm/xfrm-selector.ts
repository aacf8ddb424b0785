import type { Selector } from '../../records/xfrm.ts';
import { canonicalAddress } from '../../tables/address.ts';
import { flatten } from '../../tables/interner.ts';

/** Name and text of what stands behind the two prefixes of a selector: `proto tcp`, `sport 80`, `dev eth1`. */
export type SelectorField = readonly [string, string];

/** A prefix as printed, its address canonical: bits behind the length stay, since the kernel compares only those before. */
const network = (text: string): string => {
  const slash = text.indexOf('/');
  return `${canonicalAddress(text.slice(0, slash)) ?? flatten(text.slice(0, slash))}/${text.slice(slash + 1)}`;
};

/** xfrm_selector_print (iproute2 ip/ipxfrm.c): ICMP's type and code take the place of the ports. */
export const selectorOf = (src: string, dst: string, fields: readonly SelectorField[]): Selector => {
  const texts = new Map(fields);
  const number = (name: string) => {
    const text = texts.get(name);
    return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
  };
  const word = (name: string) => {
    const text = texts.get(name);
    return text === undefined ? undefined : flatten(text);
  };
  const icmpType = number('type');
  const icmpCode = number('code');
  return {
    src: network(src),
    dst: network(dst),
    proto: word('proto'),
    sport: number('sport'),
    dport: number('dport'),
    dev: word('dev'),
    ...(icmpType === undefined ? {} : { icmpType }),
    ...(icmpCode === undefined ? {} : { icmpCode }),
  };
};
