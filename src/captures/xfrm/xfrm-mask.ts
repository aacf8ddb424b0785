import { MASKED, withoutSecrets } from '../masking/known-secrets.ts';
import type { FormatMask } from '../masking/masked-lines.ts';

const DIGITS = /^\s*(?:(?:0x)?[0-9a-fA-F]+\s+)*(?:0x)?[0-9a-fA-F]+\s*$/;

/**
 * `ip xfrm state` prints a key behind its algorithm, and a terminal may have broken it into lines: lines of nothing but digits are a bitmap
 * of the replay window only below the line that says so (xfrm_replay_esn, ipxfrm.c).
 */
export const xfrmMask = (): FormatMask => {
  let bitmap = false;
  const pass = (line: string): void => {
    bitmap = /\bbitmap-length\b/.test(line) || (bitmap && DIGITS.test(line));
  };
  return {
    mask(line) {
      const isBitmap = bitmap;
      pass(line);
      return DIGITS.test(line) && !isBitmap ? line.replace(/\S{4,}/g, MASKED) : withoutSecrets(line);
    },
    pass,
  };
};
