import type { FlowQuestion } from '../../src/path/walk-result.ts';
import type { BundleTexts } from './bundle.ts';
import { waiting } from './services.ts';

/** In the quiet cluster: ui on fn-1 asks the pod api-a on fn-2 by its own address, over flannel's VXLAN. */
export const PODS: FlowQuestion = {
  proto: 'tcp',
  src: '10.160.0.9',
  sport: 40002,
  dst: '10.160.1.9',
  dport: 8080,
  start: 'fn-1/ui',
};

/** The same from another pod of api-a's own node and bridge. */
export const SAME_NODE: FlowQuestion = { ...PODS, src: '10.160.1.10', start: 'fn-2/api-cli' };

/** The flow as its client waits for the first answer in vain. */
export const failing = (bundle: BundleTexts, flow: FlowQuestion = PODS) => waiting(bundle, flow).judge(flow);

/** A line of `tcpdump -tttt`, `-i any` where a device and direction are given. */
export const packet = (
  second: number,
  text: string,
  where?: { readonly device: string; readonly direction: 'In' | 'Out' },
): string => {
  const time = `2026-11-20 16:29:${second.toFixed(6).padStart(9, '0')}`;
  return `${time} ${where ? `${where.device} ${where.direction.padEnd(3)} ` : ''}IP ${text}\n`;
};

/** A SYN of a flow under some names, as tcpdump prints it. */
export const syn = (src: string, sport: number, dst: string, dport: number): string =>
  `${src}.${sport} > ${dst}.${dport}: Flags [S], seq 1000, win 64860, options [mss 1410], length 0`;
export const reset = (src: string, sport: number, dst: string, dport: number): string =>
  `${src}.${sport} > ${dst}.${dport}: Flags [R.], seq 0, ack 1001, win 0, length 0`;

/** With chains and rules before the others of a table; a rule is as iptables-save prints it, and has counted five packets. */
export const rulesFirst = (
  bundle: BundleTexts,
  node: string,
  table: string,
  chains: readonly string[],
  rules: readonly string[],
): BundleTexts =>
  bundle.edited(
    `${node}/iptables-save.txt`,
    new RegExp(`(\\*${table}\\n(?::.*\\n)*)`),
    `$1${chains.map((name) => `:${name} - [0:0]\n`).join('')}${rules.map((rule) => `[5:300] ${rule}\n`).join('')}`,
  );
