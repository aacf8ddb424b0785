import { canonicalAddress } from '../../../tables/address.ts';
import { servicePort } from '../../../tables/service-ports.ts';
import { addressRangeTest, addressTest } from '../matches/address.ts';
import { icmpKind } from '../matches/icmp.ts';
import { deviceTest } from '../matches/interface.ts';
import { inRange, parseNumber, parseRange } from '../matches/number.ts';
import { ruleProtocol } from '../matches/protocol.ts';

/** How values of a field are written and compared. */
export type ValueKind =
  | 'address'
  | 'number'
  | 'port'
  | 'protocol'
  | 'device'
  | 'icmp'
  | 'icmp6'
  | 'word'
  | 'ether-type';

const unquoted = (text: string): string => text.trim().replace(/^"(.*)"$/, '$1');

const ETHER_TYPES: Readonly<Record<string, string>> = { ip: '2048', ip6: '34525', arp: '2054', '8021q': '33024' };

/** A single value in the one form that is compared; undefined for ranges, prefixes, wildcards and what cannot be read. */
export const normalValue = (kind: ValueKind, text: string): string | undefined => {
  const value = unquoted(text);
  switch (kind) {
    case 'address':
      return canonicalAddress(value);
    case 'number':
      return parseNumber(value)?.toString();
    case 'port':
      return (parseNumber(value) ?? servicePort(value))?.toString();
    case 'protocol':
      return ruleProtocol(value)?.toString();
    case 'device':
      return value.endsWith('*') ? undefined : value;
    case 'icmp':
      return icmpKind(value, 4)?.type.toString();
    case 'icmp6':
      return icmpKind(value, 6)?.type.toString();
    case 'ether-type':
      return ETHER_TYPES[value] ?? parseNumber(value)?.toString();
    default:
      return value.toLowerCase();
  }
};

/** A test for a range, prefix or wildcard; undefined where the text is none. */
export const wideTest = (kind: ValueKind, text: string): ((value: string) => boolean) | undefined => {
  const written = unquoted(text);
  switch (kind) {
    case 'address':
      return written.includes('-') ? addressRangeTest(written) : addressTest(written);
    case 'device':
      return deviceTest(written);
    case 'number':
    case 'port':
    case 'icmp':
    case 'icmp6':
    case 'protocol': {
      const range = parseRange(written, 0xffffffff, (part) => {
        const value = normalValue(kind, part);
        return value === undefined ? undefined : Number(value);
      });
      return range && ((value) => inRange(range, Number(value)));
    }
    default:
      return undefined;
  }
};
