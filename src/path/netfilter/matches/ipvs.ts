import type { VirtualService } from '../../../records/ipvs.ts';
import { protocolNumber } from '../../packet.ts';
import type { HookQuestion } from '../outcome.ts';
import { addressTest } from './address.ts';
import {
  type Answer,
  all,
  answerOf,
  inverted,
  type MatchCompiler,
  type Matcher,
  NO,
  option,
  unknown,
  unsupported,
} from './answer.ts';
import { entryTuple, hasEntry } from './conntrack.ts';
import { parseNumber } from './number.ts';
import { ruleProtocol } from './protocol.ts';

const METHODS: Readonly<Record<string, string>> = { MASQ: 'masq', GATE: 'route', IPIP: 'tunnel' };

/** The virtual service of the packet's IPVS connection: the connection's first packet went to its address. */
const serviceOf = (question: HookQuestion): VirtualService | undefined => {
  const virtual = entryTuple(question, 'original');
  return question.namespace.services.find(
    (service) =>
      service.proto === question.packet.proto && service.address === virtual.dst && service.port === virtual.dport,
  );
};

const methodOf = (question: HookQuestion): string | undefined => {
  const service = serviceOf(question);
  if (!service) return undefined;
  const { src, dst } = question.packet;
  const server = service.servers.find((s) => s.address === dst || s.address === src);
  const methods = new Set(service.servers.map((s) => s.method));
  return server?.method ?? (methods.size === 1 ? [...methods][0] : undefined);
};

/** xt_ipvs: `--ipvs` asks for the property; every other option needs the connection, and holds for none but IPVS packets. */
export const ipvs: MatchCompiler = (match) => {
  const property = option(match, '--ipvs');
  const others = match.options.filter((o) => o.flag !== '--ipvs');
  if (others.length === 0) return property ? (question) => answerOf(question.ipvs !== property.invert) : unsupported;
  const tests = others.map((o): Matcher => {
    const value = o.values[0] ?? '';
    switch (o.flag) {
      case '--vproto':
        return ({ packet }) => answerOf((protocolNumber(packet.proto) === ruleProtocol(value)) !== o.invert);
      case '--vdir':
        // ipvs_mt() tells the direction by conntrack's view of the packet.
        return ({ ct }) => (hasEntry(ct) ? answerOf((value.toLowerCase() === ct.direction) !== o.invert) : NO);
      case '--vmethod': {
        const wanted = METHODS[value.toUpperCase()];
        return (question) => {
          const method = methodOf(question);
          return method === undefined
            ? unknown('ipvs-method-unknown', 'ipvsadm', question.namespace)
            : inverted(answerOf(method === wanted), o.invert);
        };
      }
      case '--vaddr': {
        const test = addressTest(value);
        return test ? (question) => answerOf(test(entryTuple(question, 'original').dst) !== o.invert) : unsupported;
      }
      case '--vport': {
        const port = parseNumber(value);
        return (question) => {
          const have = entryTuple(question, 'original').dport;
          return have === undefined ? unknown('port-unknown') : answerOf((have === port) !== o.invert);
        };
      }
      default:
        return unsupported;
    }
  });
  return (question, marks): Answer => (question.ipvs ? all(tests.map((test) => test(question, marks))) : NO);
};
