import type { XfrmState } from '../../../src/records/xfrm.ts';
import { read } from '../../captures/fixture.ts';
import type { Text } from '../one-node.ts';

/** Policies and SAs in short, as `ip xfrm` prints them. */

/** `esp 192.0.2.1>192.0.2.2 reqid 1 tunnel`, with `use` where it is optional. */
const template = (text: string): string => {
  const [proto = '', ends = '', , reqid = '', mode = '', level] = text.split(' ');
  const [src = '', dst = ''] = ends.split('>');
  return `\ttmpl src ${src} dst ${dst}\n\t\tproto ${proto} reqid ${reqid} mode ${mode}\n${level ? `\t\t\tlevel ${level}\n` : ''}`;
};

interface PolicyOptions {
  readonly priority?: number;
  /** `proto tcp dport 80`. */
  readonly narrow?: string;
  readonly action?: 'block';
  readonly mark?: string;
  readonly ifId?: number;
}

/** `in 10.0.0.0/8>10.1.0.0/16` and its templates. */
export const policy = (text: string, templates: readonly string[] = [], over: PolicyOptions = {}): string => {
  const [dir = '', ends = ''] = text.split(' ');
  const [src = '', dst = ''] = ends.split('>');
  const { priority = 0, narrow, action, mark, ifId } = over;
  return [
    `src ${src} dst ${dst} ${narrow ?? ''}\n`,
    `\tdir ${dir} ${action ? `action ${action} ` : ''}priority ${priority} ptype main \n`,
    ...(mark ? [`\tmark ${mark}\n`] : []),
    ...templates.map(template),
    ...(ifId === undefined ? [] : [`\tif_id 0x${ifId.toString(16)}\n`]),
  ].join('');
};

interface StateOptions {
  readonly spi?: number;
  readonly mark?: string;
  readonly ifId?: number;
  readonly selector?: string;
}

/** `esp 192.0.2.1>192.0.2.2 reqid 1 tunnel`. */
export const state = (text: string, { spi = 1, mark, ifId, selector }: StateOptions = {}): string => {
  const [proto = '', ends = '', , reqid = '', mode = ''] = text.split(' ');
  const [src = '', dst = ''] = ends.split('>');
  return [
    `src ${src} dst ${dst}\n`,
    `\tproto ${proto} spi 0x${spi.toString(16).padStart(8, '0')} reqid ${reqid} mode ${mode}\n`,
    '\treplay-window 32 flag af-unspec\n',
    ...(mark ? [`\tmark ${mark}\n`] : []),
    ...(ifId === undefined ? [] : [`\tif_id 0x${ifId.toString(16)}\n`]),
    ...(selector ? [`\tsel ${selector}\n`] : []),
  ].join('');
};

/** The youngest first, as the kernel lists them. */
export const policies = (...texts: string[]): Text => ['xfrm-policy', texts.join('')];
export const states = (...texts: string[]): Text => ['xfrm-state', texts.join('')];

/** SAs that have decrypted a packet, the outermost first. */
export const secpath = (...texts: string[]): readonly XfrmState[] =>
  read('xfrm-state', texts.map((text, i) => state(text, { spi: i + 1 })).join('')).data.states ?? [];
