import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What a recorded bundle's truth file says. */
export interface Truth {
  readonly flow: {
    readonly proto: string;
    readonly src: string;
    readonly sport?: number;
    readonly dst: string;
    readonly dport?: number;
    readonly startNode?: string;
    readonly startPod?: string;
  };
  /** Null for a healthy bundle. */
  readonly cause: string | null;
  /** Names that are as right. */
  readonly causeAlso?: readonly string[];
  readonly dropNode?: string | null;
  readonly dropNodeAlso?: readonly string[];
  readonly mustNotClaim?: readonly string[];
}

export interface RecordedCase {
  readonly name: string;
  /** Of the archive and the truth file, without their endings. */
  readonly path: string;
}

const folders = ['./fixtures/recorded/', './fixtures/bundles/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Every recorded bundle that has a truth beside it. */
export const recordedCases: readonly RecordedCase[] = folders.flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''))
    .map((name) => ({ name, path: `${folder}${name}` })),
);

export const truthOf = ({ path }: RecordedCase): Truth => JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Truth;

/** Names of the root cause that are right. */
export const rightNames = ({ cause, causeAlso = [] }: Truth): readonly string[] =>
  cause === null ? [] : [cause, ...causeAlso];
