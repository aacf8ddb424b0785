import type { SeenSign } from './observation.ts';

/** Words of a `--log-prefix` by which firewalls say that they refuse what they log. */
const REFUSES = /block|drop|reject|den(?:y|ied)|discard|refus/i;
/** Lines that are written of what passes, or of everything. */
const PASSES = /audit|accept|allow|permit/i;

/** Whether the rule that wrote the line says that the packet is refused: `[UFW BLOCK]`, `filter_FWD_public_REJECT:`, `Shorewall:net-fw:DROP:`. LOG itself refuses nothing. */
export const tellsRefusal = ({ packet: { sort, prefix } }: SeenSign): boolean =>
  sort === 'log' && REFUSES.test(prefix) && !PASSES.test(prefix);

/** The kernel says by itself that it drops what it calls martian (ip_handle_martian_source is called on the way out of a failed check only). */
export const tellsMartian = ({ packet: { sort } }: SeenSign): boolean =>
  sort === 'martian-source' || sort === 'martian-destination';
