import type { Source } from '../../records/source.ts';
import { NOTHING_TOLD, type Selector, type XfrmPolicy, type XfrmState, type XfrmTemplate } from '../../records/xfrm.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export type StateDraft = Omit<Mutable<XfrmState>, 'algorithms' | 'flags'> & {
  algorithms: XfrmState['algorithms'][number][];
  flags: string[];
};
export type TemplateDraft = Mutable<XfrmTemplate>;
export type PolicyDraft = Omit<Mutable<XfrmPolicy>, 'templates'> & { templates: TemplateDraft[] };

/** A state of which only its first line is known. */
export const stateDraft = (source: Source, src: string, dst: string): StateDraft => ({
  ...NOTHING_TOLD,
  source,
  src,
  dst,
  proto: '',
  mode: '',
  flags: [],
  algorithms: [],
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
