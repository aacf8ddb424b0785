import type { CaptureKind } from '../records/capture.ts';
import type { CaptureFormat } from './format.ts';
import type { CaptureModule } from './module.ts';
import { CAPTURE_MODULES } from './registry.ts';

/** Every kind of output that can be read. */
export const FORMATS: readonly CaptureFormat[] = CAPTURE_MODULES.flatMap(({ formats }) => formats);

const BY_KIND = new Map(FORMATS.map((format) => [format.kind, format]));

const MODULES = new Map<CaptureKind, CaptureModule>(
  CAPTURE_MODULES.flatMap((module) => module.formats.map(({ kind }) => [kind, module] as const)),
);

export const moduleFor = (kind: CaptureKind): CaptureModule | undefined => MODULES.get(kind);

export const formatOf = (kind: CaptureKind): CaptureFormat | undefined => BY_KIND.get(kind);

/** Kinds that are the API server's and no node's. */
export const isCluster = (kind: CaptureKind | undefined): boolean =>
  kind !== undefined && formatOf(kind)?.scope === 'cluster';

/** The command that gets a kind of capture; undefined for a kind of a newer release. */
export const collectCommand = (kind: string): string | undefined => BY_KIND.get(kind as CaptureKind)?.collect;
