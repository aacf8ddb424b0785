import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Analysis } from '../../src/judging/analysis.ts';
import { analyzeOpened, openBundle } from '../../src/judging/analyze.ts';
import type { FlowRequest } from '../../src/judging/request.ts';

/** The analysis of a bundle that is made of a few texts, by their paths. */
export const analysisOf = async (
  files: Readonly<Record<string, string>>,
  flows: readonly FlowRequest[] = [],
): Promise<Analysis> => {
  const dir = mkdtempSync(join(tmpdir(), 'netautopsy-judging-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(dir, 'bundle', path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
    return await analyzeOpened(await openBundle(join(dir, 'bundle')), flows);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};

export const flow = (
  src: string,
  dst: string,
  dport: number | undefined,
  from?: string,
  proto = 'tcp',
): FlowRequest => ({
  src: { kind: 'address', address: src },
  dst: { kind: 'address', address: dst, port: dport },
  proto,
  from,
});
