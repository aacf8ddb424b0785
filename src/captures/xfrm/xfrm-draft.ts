import type { Source } from '../../records/source.ts';
import type { Selector, XfrmPolicy, XfrmState, XfrmTemplate } from '../../records/xfrm.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type StateDraft = Omit<Mutable<XfrmState>, 'algorithms' | 'flags'> & {
  algorithms: XfrmState['algorithms'][number][];
  flags: string[];
};
export type TemplateDraft = Mutable<XfrmTemplate>;
export type PolicyDraft = Omit<Mutable<XfrmPolicy>, 'templates'> & { templates: TemplateDraft[] };

/** A state of which only its first line is known. */
export const stateDraft = (source: Source, src: string, dst: string): StateDraft => ({
  source,
  src,
  dst,
  proto: '',
  spi: undefined,
  reqid: undefined,
  mode: '',
  replayWindow: undefined,
  flags: [],
  algorithms: [],
  encap: undefined,
  selector: undefined,
  mark: undefined,
  ifId: undefined,
  outputMark: undefined,
  dir: undefined,
  seq: undefined,
  oseq: undefined,
  bytes: undefined,
  packets: undefined,
  hardPackets: undefined,
  hardBytes: undefined,
  hardAdd: undefined,
  added: undefined,
  used: undefined,
  stats: undefined,
});

/** A policy of which only its selector is known. */
export const policyDraft = (source: Source, selector: Selector): PolicyDraft => ({
  source,
  dir: 'out',
  selector,
  action: 'allow',
  priority: 0,
  index: undefined,
  ptype: 'main',
  mark: undefined,
  ifId: undefined,
  templates: [],
  used: undefined,
});
