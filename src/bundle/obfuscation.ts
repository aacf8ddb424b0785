import type { Placed } from './assign.ts';
import type { Units } from './layouts/units.ts';
import { type BundleNote, note } from './note.ts';

/** `sos clean` gives every MAC address this prefix (it spells SOS), every domain this name. */
const SOS_MAC = /^53:4f:53:/i;
const SOS_NAME = /obfuscateddomain\d|(?:^|[/-])host\d+-.*obfuscated|-obfuscated/;
/** Rancher's collector puts words for the last three parts of an IPv4 address. */
const WORD_ADDRESS = /\b\d{1,3}\.[a-z]{2,20}\.[a-z]{2,20}\.[a-z]{2,20}\b/;

/** Whether names and addresses were replaced before the bundle was handed on. One note each way of doing so. */
export const obfuscationNotes = (placed: readonly Placed[], units: Units): readonly BundleNote[] => {
  const notes = new Map<string, BundleNote>();
  for (const { found } of placed) {
    const { capture, path } = found;
    if (!capture) continue;
    const { file } = capture;
    const at = (line: number) => [{ file, line }];
    const cleaned = capture.data.links?.find((link) => SOS_MAC.test(link.mac ?? ''));
    const unit = units.of(path);
    if (!notes.has('sos clean') && (cleaned || (unit?.layout.id === 'sos' && SOS_NAME.test(path))))
      notes.set('sos clean', note('obfuscated', { by: 'sos clean', file }, at(cleaned?.source.line ?? 1)));
    const worded =
      capture.kind === 'ip-addr' ? capture.unreadLines.find((line) => WORD_ADDRESS.test(line.text)) : undefined;
    if (worded && !notes.has('words')) notes.set('words', note('obfuscated', { by: 'words', file }, [worded.source]));
  }
  return [...notes.values()];
};
