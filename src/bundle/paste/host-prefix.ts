import { kindOfLine } from '../read/first-line.ts';
import type { Line } from './line.ts';
import { isHostName } from './machine-word.ts';

const PREFIXED = /^(?<host>[A-Za-z0-9][\w.-]{0,62}|\[[A-Za-z0-9][\w.-]{0,62}\]) ?(?<mark>[:|]) ?(?<rest>.*)$/;

/**
 * Lines that a tool for many machines wrote each machine's name before (pdsh, clush, pssh -i, docker compose logs, kubectl logs --prefix): `host: line`. Told by two
 * things: nearly every line of the text has such a word, and behind it stands what tools print. Interleaved machines are told apart by it.
 */
export const withHosts = (lines: readonly Line[]): readonly Line[] => {
  const filled = lines.filter((line) => line.text !== '');
  if (filled.length === 0) return lines;
  const names = new Map<string, number>();
  let shown = 0;
  for (const line of filled) {
    const groups = PREFIXED.exec(line.text.slice(0, 400))?.groups;
    const host = groups && !beginsWithAddress(line.text) ? hostOf(groups.host ?? '') : undefined;
    if (!groups || host === undefined) continue;
    names.set(host, (names.get(host) ?? 0) + 1);
    if (kindOfLine(groups.rest ?? '') !== undefined) shown += 1;
  }
  const named = [...names.values()].reduce((sum, count) => sum + count, 0);
  if (shown === 0 || named * 10 < filled.length * 8 || names.size * 2 > named) return lines;
  return lines.flatMap((line): readonly Line[] => {
    const groups = PREFIXED.exec(line.text)?.groups;
    const host = groups && !beginsWithAddress(line.text) ? hostOf(groups.host ?? '') : undefined;
    if (!groups || host === undefined || !names.has(host)) return [line];
    return [{ ...line, text: groups.rest ?? '', host }];
  });
};

/** `fe80::1 dev eth0`, `aa:bb:cc:dd:ee:ff dev br0`: what stands before the first colon is a part of it. */
const beginsWithAddress = (text: string): boolean => /^[0-9a-fA-F]{1,4}:[0-9a-fA-F.]{0,15}:/.test(text);

const hostOf = (word: string): string | undefined => {
  const name = word.replace(/^\[|\]$/g, '');
  return isHostName(name) && !/^\d+$/.test(name) ? name : undefined;
};
