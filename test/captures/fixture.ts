import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaptureInput } from '../../src/captures/module.ts';
import { readText } from '../../src/captures/read-text.ts';
import type { Capture, CaptureKind } from '../../src/records/capture.ts';

/** A capture's input as the bundle would hand it over. */
export const inputFor = (kind: CaptureKind, over: Partial<CaptureInput> = {}): CaptureInput => ({
  kind,
  file: 'node/capture.txt',
  firstLine: 1,
  command: undefined,
  family: undefined,
  device: undefined,
  ...over,
});

export const read = (kind: CaptureKind, text: string, over: Partial<CaptureInput> = {}): Capture =>
  readText(inputFor(kind, over), text);

/** Text of a file beside the tests. */
export const fixture = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../fixtures/${path}`, import.meta.url)), 'utf8');
