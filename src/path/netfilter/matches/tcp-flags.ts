import type { Packet } from '../../packet.ts';
import { type Answer, inverted, type Matcher, NO, unknown, unsupported, YES } from './answer.ts';

type TcpFlag = 'FIN' | 'SYN' | 'RST' | 'PSH' | 'ACK' | 'URG' | 'ECE' | 'CWR';
const SIX: readonly TcpFlag[] = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const KNOWN: ReadonlySet<string> = new Set([...SIX, 'ECE', 'CWR']);

const flagList = (text: string): readonly TcpFlag[] | undefined => {
  if (text === 'ALL') return SIX;
  if (text === 'NONE' || text === '') return [];
  const names = text.split(',');
  return names.every((name) => KNOWN.has(name)) ? (names as TcpFlag[]) : undefined;
};

/** The value of one flag in a packet of the walk: data segments may carry PSH or FIN, resets may carry ACK. */
const tcpFlag = (packet: Packet, flag: TcpFlag): boolean | undefined => {
  switch (packet.tcp) {
    case 'syn':
      return flag === 'SYN' ? true : flag === 'ECE' || flag === 'CWR' ? undefined : false;
    case 'syn-ack':
      return flag === 'SYN' || flag === 'ACK' ? true : flag === 'ECE' || flag === 'CWR' ? undefined : false;
    case 'ack':
      return flag === 'ACK' ? true : flag === 'SYN' || flag === 'RST' ? false : undefined;
    case 'rst':
      return flag === 'RST' ? true : flag === 'ACK' ? undefined : false;
    default:
      return undefined;
  }
};

/** `--tcp-flags MASK SET`: of the flags in MASK exactly those in SET are on. */
export const tcpFlags = (mask: string, set: string, invert: boolean): Matcher => {
  const examined = flagList(mask);
  const wanted = flagList(set);
  if (!examined || !wanted) return unsupported;
  return (question) => {
    let answer: Answer = YES;
    for (const flag of examined) {
      const value = tcpFlag(question.packet, flag);
      if (value === undefined) answer = unknown('tcp-flags-unknown');
      else if (value !== wanted.includes(flag)) return inverted(NO, invert);
    }
    return inverted(answer, invert);
  };
};
