import type { Bundle } from './bundle.ts';
import { compose } from './compose.ts';
import { archiveName } from './names.ts';
import type { BundleOptions } from './options.ts';
import { withUnreadInPlace } from './quote-lines.ts';
import { type OneReading, readOne } from './read-bundle.ts';

/** An archive, folder or text as a bundle. Throws BundleError where there is nothing to analyse. */
export const readBundle = (path: string, options: BundleOptions): Promise<Bundle> => readBundles([path], options);

/**
 * Several archives, one per node as collectors make them, as one bundle. Files of a name that an earlier archive has already are shown under
 * their archive's name; what was collected of one machine is one node. Throws BundleError for the first archive that cannot be read.
 */
export const readBundles = async (paths: readonly string[], options: BundleOptions): Promise<Bundle> => {
  const readings: OneReading[] = [];
  const shown = new Set<string>();
  for (const path of paths) {
    let reading = await readOne(path, options);
    if (filesOf(reading).some((file) => shown.has(file)))
      reading = await readOne(path, { ...options, shownUnder: `${archiveName(reading.name)}/` });
    for (const file of filesOf(reading)) shown.add(file);
    readings.push(reading);
  }
  if (readings.length === 0) throw new RangeError('no bundle was named');
  return withUnreadInPlace(compose(readings, options.moment ?? 'last'));
};

const filesOf = (reading: OneReading): readonly string[] =>
  reading.origins.flatMap((origin) => [...origin.paths.keys()]);
