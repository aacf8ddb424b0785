export type Direction = 'original' | 'reply';

/** struct nf_conntrack_zone: a number, and the one direction for which it holds, where it does not hold for both. */
export interface Zone {
  readonly zone: number;
  readonly zoneOnly?: Direction | undefined;
}

/** nf_ct_zone_id: in the other direction a zone for one direction is the default one. */
export const zoneIn = ({ zone, zoneOnly }: Zone, direction: Direction): number =>
  zoneOnly === undefined || zoneOnly === direction ? zone : 0;
