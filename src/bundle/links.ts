import type { Link } from './read/read-members.ts';

/** Where a link leads in the end, through links to folders as well; undefined where that is no member. At most `hops` links are followed. */
export const resolveLink = (
  path: string,
  links: ReadonlyMap<string, Link>,
  files: ReadonlySet<string>,
  hops: number,
): string | undefined => {
  let at: string | undefined = path;
  for (let followed = 0; at !== undefined; followed += 1) {
    if (files.has(at)) return at;
    if (followed >= hops) return undefined;
    at = step(at, links);
  }
  return undefined;
};

/** Replaces the shortest part of the path that is a link. */
const step = (path: string, links: ReadonlyMap<string, Link>): string | undefined => {
  for (let cut = path.indexOf('/', 1); ; cut = path.indexOf('/', cut + 1)) {
    const part = cut < 0 ? path : path.slice(0, cut);
    const link = links.get(part);
    if (link) return link.target === undefined ? undefined : link.target + path.slice(part.length);
    if (cut < 0) return undefined;
  }
};
