import { addressWords, canonicalAddress, canonicalPrefix, compareAddresses } from '../../../tables/address.ts';
import type { HookQuestion } from '../outcome.ts';
import { always, answerOf, eachOption, type MatchCompiler, type Matcher, not, unsupported } from './answer.ts';

/** Tells whether an address lies in what the text names. */
type AddressTest = (address: string) => boolean;

/** `A`, `A/LEN`, `A/MASK` (the mask may have holes), `0.0.0.0/0`, `anywhere`; undefined for a host name. */
export const addressTest = (text: string): AddressTest | undefined => {
  if (text === 'anywhere') return () => true;
  const prefix = canonicalPrefix(text);
  if (prefix !== undefined) {
    const cut = prefix.indexOf('/');
    const length = Number(prefix.slice(cut + 1));
    const network = prefix.slice(0, cut);
    if (length === (network.includes(':') ? 128 : 32)) return (address) => address === network;
    const words = addressWords(network) ?? [];
    const masks = words.map((_, i) => maskOf(length - 32 * i));
    return maskedTest(words, masks);
  }
  const slash = text.indexOf('/');
  const address = slash < 0 ? undefined : addressWords(text.slice(0, slash));
  const mask = slash < 0 ? undefined : addressWords(text.slice(slash + 1));
  if (!address || !mask || address.length !== mask.length) return undefined;
  return maskedTest(
    address.map((word, i) => (word & (mask[i] ?? 0)) >>> 0),
    mask,
  );
};

const maskOf = (bits: number): number => (bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : (~0 << (32 - bits)) >>> 0);

const maskedTest =
  (network: readonly number[], mask: readonly number[]): AddressTest =>
  (address) => {
    const words = addressWords(address);
    if (!words || words.length !== network.length) return false;
    for (let i = 0; i < network.length; i += 1)
      if (((words[i] ?? 0) & (mask[i] ?? 0)) >>> 0 !== network[i]) return false;
    return true;
  };

/** `A-B`, both inclusive. */
export const addressRangeTest = (text: string): AddressTest | undefined => {
  const [from, to] = text.split('-').map(canonicalAddress);
  if (!from || !to || addressWords(from)?.length !== addressWords(to)?.length) return undefined;
  return (address) =>
    addressWords(address)?.length === addressWords(from)?.length &&
    compareAddresses(from, address) <= 0 &&
    compareAddresses(address, to) <= 0;
};

type Side = (question: HookQuestion) => string;
const SOURCE: Side = (question) => question.packet.src;
const DESTINATION: Side = (question) => question.packet.dst;

/** `-s`, `-d`: ip_packet_match()/ip6_packet_match(). */
const addressMatch =
  (side: Side): MatchCompiler =>
  (match) => {
    const option = match.options[0];
    if (!option) return always;
    const tests = option.values.flatMap((value) => value.split(',')).map(addressTest);
    const known = tests.filter((test) => test !== undefined);
    // A host name of a listing without -n: which address it stood for is not known.
    if (known.length < tests.length || known.length === 0) return unsupported;
    return (question) => answerOf(known.some((test) => test(side(question))) !== option.invert);
  };

const rangeMatch =
  (side: Side) =>
  (values: readonly string[], invert: boolean): Matcher => {
    const test = addressRangeTest(values[0] ?? '') ?? addressTest(values[0] ?? '');
    return test ? (question) => answerOf(test(side(question)) !== invert) : unsupported;
  };

export const source = addressMatch(SOURCE);
export const destination = addressMatch(DESTINATION);
/** xt_iprange. */
export const iprange = eachOption({ '--src-range': rangeMatch(SOURCE), '--dst-range': rangeMatch(DESTINATION) });

/** xt_mac: the frame's source where the walk saw it sent, else the neighbour's that the packet comes from. */
export const mac: MatchCompiler = (match) => {
  const option = match.options.find((o) => o.flag === '--mac-source');
  if (!option) return unsupported;
  const wanted = (option.values[0] ?? '').toLowerCase();
  return (question) => {
    const { namespace, packet, iif, srcMac } = question;
    // A locally generated packet has no Ethernet header yet, and lo has none at all: xt_mac says no, whatever the inversion.
    if (iif === undefined || iif === 'lo') return answerOf(false);
    if (srcMac !== undefined) return answerOf((srcMac.toLowerCase() === wanted) !== option.invert);
    const neighbour = namespace.neighbours.find((n) => n.address === packet.src && n.dev === iif && n.mac);
    if (!neighbour)
      return { value: undefined, why: 'mac-unknown', missing: { kind: 'tcpdump', namespace: namespace.id } };
    const same = answerOf(neighbour.mac?.toLowerCase() === wanted);
    return option.invert ? not(same) : same;
  };
};
