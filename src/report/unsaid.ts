import type { Sections } from '#templates/index';
import type { Note } from '../judging/analysis.ts';
import type { ActionCode } from '../path/vocabulary/actions.ts';
import type { AssumptionCode } from '../path/vocabulary/assumptions.ts';
import type { Place } from '../path/vocabulary/places.ts';
import type { WordFile } from './words.ts';

/** What a file must say for these codes, and does not; what it says of codes that do not exist. Templates that fail are answered by `generic`. */
type Unsaid<File extends WordFile, Codes extends string> =
  | Exclude<Codes, Sections[File]>
  | Exclude<Sections[File], Codes | 'generic'>;

/** The compiler names here every code of the walk without words, and words without a code. */
export const UNSAID: {
  readonly actions: Readonly<Record<Unsaid<'actions', ActionCode | `short:${ActionCode}`>, never>>;
  readonly assumptions: Readonly<Record<Unsaid<'assumptions', AssumptionCode>, never>>;
  readonly notes: Readonly<Record<Unsaid<'notes', Note['code']>, never>>;
  readonly places: Readonly<Record<Unsaid<'places', Place | `in:${Place}`>, never>>;
} = { actions: {}, assumptions: {}, notes: {}, places: {} };
