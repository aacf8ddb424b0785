import { withoutSecrets } from './known-secrets.ts';

const LABEL = '[a-z0-9](?:[-a-z0-9.]{0,252}[a-z0-9])?';
/** A comment of kube-proxy: a service may be called after the secrets that it hands out, and its port stands behind a colon. */
const SERVICE = new RegExp(
  `^(?:[A-Za-z ]{0,40}\\bfor )?${LABEL}/${LABEL}(?::[a-z0-9-]{1,15})?` +
    '(?: (?:cluster IP|has no (?:local )?endpoints|external (?:IP|destinations)|loadbalancer IP|LB IP|health check node port|nodePort|-> [0-9a-f.:[\\]]{1,48}))?$',
);

/** Calico's hash of the rule. */
const CALICO = /^cali:[\w-]{16}$/;

/**
 * What somebody wrote into a rule or what a kernel's message says, as a record may hold it: values go into the report without the mask of the
 * line that they stand in.
 */
export const freeText = (text: string): string =>
  SERVICE.test(text) || CALICO.test(text) ? text : withoutSecrets(text);
