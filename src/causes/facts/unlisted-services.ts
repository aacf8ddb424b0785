import type { Step } from '../../path/step.ts';

/** The walk stops at IPVS, which takes the packet and whose services were not captured. */
export const isIpvsUnlisted = ({ action }: Step): boolean =>
  action.code === 'not-followed' && action.values.why === 'ipvs';
