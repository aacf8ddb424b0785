import { existsSync, readFileSync } from 'node:fs';

/** The release's number: of the package that this file stands in, as deep as the build has put it. */
export const version = (): string => {
  for (let up = './'; up.length < 32; up += '../') {
    const file = new URL(`${up}package.json`, import.meta.url);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  return 'unknown';
};
