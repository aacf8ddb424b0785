/** Words of folders and files that tell a moment, in the order in which the moments usually come. What worked came before what fails. */
const ORDER: readonly (readonly string[])[] = [
  ['before', 'old', 'orig', 'original', 'first', 'start', 'begin', 'good', 'working', 'ok', 'healthy', 'success'],
  ['during', 'second'],
  ['after', 'new', 'last', 'final', 'end', 'now', 'latest', 'current', 'bad', 'broken', 'failing', 'failed', 'fail'],
];

/** Where a word stands among the moments; undefined for a word that tells none. */
export const takeRank = (name: string): number | undefined => {
  for (const word of name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .reverse()) {
    const rank = ORDER.findIndex((words) => words.includes(word));
    if (rank >= 0) return rank;
  }
  return undefined;
};

const MOMENT = /^(?:\d[\d_.:tz-]*|run[-_]?\d*|take[-_]?\d*|snapshot[-_]?\d*|day[-_]?\d+|t\d+)$/i;

/** A folder or file that is named for a moment alone: `before`, `2026-11-20_1648`, `run2`. */
export const isMoment = (name: string): boolean =>
  MOMENT.test(name) || ORDER.some((words) => words.includes(name.toLowerCase()));

/** A path without the words of its file's name that tell a moment. */
export const withoutTake = (path: string): string => {
  const cut = path.lastIndexOf('/') + 1;
  const words = path
    .slice(cut)
    .toLowerCase()
    .split(/[^a-z0-9]+/);
  return `${path.slice(0, cut)}${words.filter((word) => !ORDER.some((known) => known.includes(word))).join(' ')}`;
};
