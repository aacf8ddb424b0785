import type { IpSet, SetMember } from '../../records/ipset.ts';

/** Words that stand for themselves among the members' extras, in front of the counters. */
const FLAGS = new Set(['wildcard', 'physdev']);

const printMember = (set: IpSet, member: SetMember): string => {
  const { parts, nomatch, timeout, packets, bytes, comment, extra } = member;
  return [
    'add',
    set.name,
    parts.join(','),
    ...(timeout === undefined ? [] : ['timeout', String(timeout)]),
    ...(nomatch ? ['nomatch'] : []),
    ...extra.filter((word) => FLAGS.has(word)),
    ...(packets === undefined ? [] : ['packets', String(packets)]),
    ...(bytes === undefined ? [] : ['bytes', String(bytes)]),
    ...(comment === undefined ? [] : ['comment', `"${comment}"`]),
    ...extra.filter((word) => !FLAGS.has(word)),
  ].join(' ');
};

/**
 * Sets in the form of `ipset save`: `create` with the header's words, then a member a line (lib/session.c and the types' argument order).
 * Reading it again gives the same sets, but for what only `ipset list` tells: references and the declared number of entries.
 */
export const printSets = (sets: readonly IpSet[]): string =>
  sets
    .flatMap((set) => [
      [
        'create',
        set.name,
        set.type,
        ...[...set.header].flatMap(([word, value]) => (value === '' ? [word] : [word, value])),
      ].join(' '),
      ...set.members.map((member) => printMember(set, member)),
    ])
    .map((line) => `${line}\n`)
    .join('');
