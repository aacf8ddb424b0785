import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const sample = `${root}samples/openyurt-ipvs-ipsec.tgz`;

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line as its users do. */
export const run = (args: readonly string[], input?: Buffer): Ran => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`${root}dist/command/main.js`, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...(input ? { input } : {}),
    env: { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: '' },
  });
  return { status, stdout, stderr };
};
