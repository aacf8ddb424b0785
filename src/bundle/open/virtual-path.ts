import { LIMITS } from '../limits.ts';

/** A member's name as a path inside the bundle: no `.`, no `..`, no leading slash; undefined where it leads outside. */
export const virtualPath = (name: string): string | undefined => {
  if (name.length > LIMITS.pathLength || name.includes('\0')) return undefined;
  const segments: string[] = [];
  for (const segment of name.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') segments.push(segment);
    else if (segments.pop() === undefined) return undefined;
  }
  return segments.length === 0 ? undefined : segments.join('/');
};

/** Where a symbolic link at `path` leads; undefined where outside. An absolute target is one of the machine's, seen from the archive's root. */
export const linkTarget = (path: string, target: string): string | undefined =>
  target.startsWith('/') ? undefined : virtualPath(`${path.slice(0, path.lastIndexOf('/') + 1)}${target}`);
