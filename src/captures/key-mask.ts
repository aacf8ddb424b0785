const ALGORITHM = /^(.*?\b(?:auth-trunc|auth|aead|enc|comp)[ \t]+)(?:((?!0x)[^ \t]+)([ \t].*)?|0x.*)$/s;
const NUMBER_NAMES = 'spi|reqid|mark|if_id|seq|seq-hi|oseq|oseq-hi|bitmap|index|priority';
/** An RFC's number is no run of digits. */
const HEX_RUN = new RegExp(`rfc\\d{4}\\b|(\\b(?:${NUMBER_NAMES})[ \\t]+)?((?:0x)?[0-9a-fA-F]{5,})`, 'g');

/**
 * A line of `ip xfrm state` without anything that may be a key or a piece of one: for lines that no rule understood, which are quoted.
 * What follows an algorithm's name goes, and every run of five hexadecimal digits or more that no name makes an SPI, a mark or a counter:
 * addresses have no such runs, a key that a terminal broke into lines has.
 */
export const maskKeys = (line: string): string =>
  line
    .replace(ALGORITHM, (_, kind: string, name: string | undefined, rest: string | undefined) =>
      name === undefined ? `${kind}[masked]` : `${kind}${name}${rest === undefined ? '' : ' [masked]'}`,
    )
    .replace(HEX_RUN, (run, name: string | undefined, digits: string | undefined) =>
      digits === undefined || (name !== undefined && digits.length <= 10) ? run : `${name ?? ''}[masked]`,
    );
