import type { CollectItem } from '../judging/collect/item.ts';
import type { Prose } from './prose.ts';
import { plainText } from './prose.ts';
import { placeName } from './wording.ts';
import type { Words } from './words.ts';

/** Where a command is to be run, in words or as `node/namespace`. */
export const collectPlace = (words: Words, { place }: CollectItem): Prose => {
  if (place.kind === 'address') return words.say('collect', 'place-address', { values: { address: place.address } });
  if (place.kind === 'cluster') return words.say('collect', 'place-cluster', { values: {} });
  return [{ kind: 'paragraph', spans: [{ text: placeName(place.node, place.namespace), style: 'plain' }] }];
};

/** Causes that are named beside a command. */
const CAUSES = 4;

/** What a command's output would decide. */
export const collectDecides = (words: Words, { capture, decides }: CollectItem): Prose =>
  words.say('collect', 'decides', {
    values: {
      what: { said: plainText(words.say('collect', capture, { values: {} })) },
      causes: decides.slice(0, CAUSES),
    },
  });

/** Items that are to be run at the same place, in their order. */
export interface CollectGroup {
  readonly place: Prose;
  readonly items: readonly CollectItem[];
}

export const collectGroups = (words: Words, items: readonly CollectItem[]): readonly CollectGroup[] =>
  [...new Set(items.map((item) => item.where))].map((where) => {
    const own = items.filter((item) => item.where === where);
    const [first] = own;
    return { place: first ? collectPlace(words, first) : [], items: own };
  });

/** The command that gives a missing capture, as `collect` has it. */
export const commandFor = (items: readonly CollectItem[], namespace: string, kind: string): string | undefined =>
  items.find((item) => item.capture === kind && (item.where === namespace || item.where === ''))?.command;
