import type { Sections } from '#templates/index';
import type { Cause } from '../../causes/facts/finding.ts';
import type { Language } from '../language.ts';
import { type Prose, plainText } from '../prose.ts';
import { proseRuns, Sheet, type SheetOptions } from '../terminal/sheet.ts';
import type { Run } from '../terminal/wrap.ts';
import { Words, type WordValues } from '../words.ts';
import { byGroup, causePage } from './cause-page.ts';

export interface CatalogueOptions extends SheetOptions {
  readonly lang: Language;
}

const INDENT = 12;

type Said = Sections['catalogue'];

/** The catalogue's page of one cause. */
export const renderCausePage = (cause: Cause, options: CatalogueOptions): string => {
  const words = new Words(options.lang);
  const say = (code: Said, values: WordValues = {}) => words.say('catalogue', code, values);
  const label = (code: Said) => plainText(say(code));
  const page = causePage(cause, words);
  const sheet = new Sheet(options);
  const paragraphs = (name: string, prose: Prose) =>
    prose.forEach((block, i) => {
      if (i > 0 && block.kind === 'paragraph') sheet.lines.push('');
      if (block.kind === 'item') sheet.item(proseRuns([block]), INDENT);
      else sheet.add(i === 0 ? name : '', proseRuns([block]), INDENT);
    });
  const list = (name: string, lede: Prose, items: readonly (readonly Run[])[]) => {
    if (items.length === 0) return;
    sheet.gap();
    sheet.add(name, proseRuns(lede), INDENT);
    for (const item of items) sheet.item(item, INDENT);
  };

  const kind = label(cause.control ? 'kind-control' : 'kind-fault');
  sheet.add('', [{ text: cause.id, style: 'bold' }], 2);
  sheet.add(
    '',
    proseRuns(
      say('facts', { group: { said: cause.group }, layer: { said: cause.layer }, kind: { said: kind } }),
      'dim',
    ),
    2,
  );
  sheet.gap();
  sheet.add('', proseRuns(page.title, 'bold'), 2);
  sheet.gap();
  paragraphs(label('summary'), page.summary);
  if (page.why.length > 0) {
    sheet.gap();
    paragraphs(label('why'), page.why);
  }
  list(
    label('proof'),
    say('proof-lede'),
    page.proof.map(({ kind: name, command }) => [
      { text: name, style: 'bold' },
      { text: ': ', style: 'plain' },
      { text: command, style: 'code' },
    ]),
  );
  list(
    label('refuted'),
    say('refuted-lede'),
    page.refuters.map((refuter) => proseRuns(refuter.words)),
  );
  list(
    label('fixes'),
    say('fixes-lede'),
    page.fixes.map((fix) => proseRuns(fix.words)),
  );
  sheet.gap();
  if (cause.explains && cause.explains.length > 0)
    sheet.add(
      label('explains'),
      proseRuns(say('explains-lede', { list: { said: cause.explains.join(', ') } })),
      INDENT,
    );
  sheet.add(label('versions'), [{ text: cause.versions ?? label('versions-all'), style: 'plain' }], INDENT);
  cause.references.forEach((reference, i) => {
    sheet.add(i === 0 ? label('references') : '', [{ text: reference, style: 'plain' }], INDENT);
  });
  return `${sheet.lines.join('\n')}\n`;
};

/** All ids with their titles, by group. */
export const renderCauseList = (causes: readonly Cause[], options: CatalogueOptions): string => {
  const words = new Words(options.lang);
  const sheet = new Sheet(options);
  const longest = Math.max(...causes.map((cause) => cause.id.length));
  // Beside the ids where there is room for a few words, else below.
  const beside = options.width >= longest + 50;
  for (const { group, causes: members } of byGroup(causes)) {
    sheet.gap();
    sheet.add('', proseRuns(words.say('catalogue', `group-${group}`, {}), 'bold'), 2);
    for (const cause of members) {
      const { title } = causePage(cause, words);
      if (beside) sheet.add(cause.id, proseRuns(title, 'dim'), longest + 4);
      else {
        sheet.add('', [{ text: cause.id, style: 'plain' }], 2);
        sheet.add('', proseRuns(title, 'dim'), 6);
      }
    }
  }
  sheet.gap();
  sheet.add('', proseRuns(words.say('catalogue', 'list-hint', {})), 2);
  return `${sheet.lines.join('\n')}\n`;
};
