import type { Sections } from '#templates/index';
import type { Cause } from '../../causes/facts/finding.ts';
import type { Language } from '../language.ts';
import type { Prose } from '../prose.ts';
import { Words, type WordValues } from '../words.ts';
import { byGroup, causePage } from './cause-page.ts';

type Said = Sections['catalogue'];

/** Our own words: only what would begin markup is escaped. */
const escaped = (text: string): string => text.replace(/[\\*_`<>[\]|]/g, '\\$&');

const inline = (prose: Prose): string =>
  prose
    .map((block) =>
      block.spans
        .map(({ text, style }) =>
          style === 'code' ? `\`${text}\`` : style === 'strong' ? `**${escaped(text)}**` : escaped(text),
        )
        .join(''),
    )
    .join(' ');

const blocks = (prose: Prose): string[] =>
  prose.map((block, i) => {
    const item = block.kind === 'item';
    const gap = i > 0 && !(item && prose[i - 1]?.kind === 'item') ? '\n' : '';
    return `${gap}${item ? '- ' : ''}${inline([block])}`;
  });

const section = (cause: Cause, words: Words): string => {
  const say = (code: Said, values: WordValues = {}) => inline(words.say('catalogue', code, values));
  const page = causePage(cause, words);
  const kind = say(cause.control ? 'kind-control' : 'kind-fault');
  const list = (heading: Said, lede: Said, items: readonly string[]): string[] =>
    items.length === 0 ? [] : ['', `**${say(heading)}.** ${say(lede)}`, '', ...items.map((item) => `- ${item}`)];
  return [
    `### ${cause.id}`,
    '',
    `**${inline(page.title)}**`,
    '',
    say('facts', { group: { said: cause.group }, layer: { said: cause.layer }, kind: { said: kind } }),
    '',
    ...blocks(page.summary),
    ...(page.why.length > 0 ? ['', ...blocks(page.why)] : []),
    ...list(
      'proof',
      'proof-lede',
      page.proof.map(({ kind: name, command }) => `${name}: \`${command}\``),
    ),
    ...list(
      'refuted',
      'refuted-lede',
      page.refuters.map((refuter) => inline(refuter.words)),
    ),
    ...list(
      'fixes',
      'fixes-lede',
      page.fixes.map((fix) => inline(fix.words)),
    ),
    ...(cause.explains?.length ? ['', say('explains-lede', { list: { said: cause.explains.join(', ') } })] : []),
    '',
    `${say('versions')}: ${cause.versions === undefined ? say('versions-all') : escaped(cause.versions)}. ${say('references')}: ${cause.references.map(escaped).join('; ') || '–'}`,
    '',
  ].join('\n');
};

/** The page of all causes: one section each, by group and then by id. */
export const renderCatalogue = (causes: readonly Cause[], lang: Language): string => {
  const words = new Words(lang);
  const say = (code: Said) => inline(words.say('catalogue', code, {}));
  return [
    `# ${say('heading')}`,
    '',
    `<!-- ${say('made-by')} -->`,
    '',
    say('lede'),
    '',
    ...byGroup(causes).flatMap((part) => [
      `## ${say(`group-${part.group}`)}`,
      '',
      ...part.causes.map((cause) => section(cause, words)),
    ]),
  ].join('\n');
};
