import type { FlowRequest } from '../judging/request.ts';
import { parseFlowExpression } from './flow-expression.ts';
import { UsageError } from './usage-error.ts';

/** `--flow` and `--from` as the pipeline takes them. Errors: FlowExpressionError; UsageError for a start without a flow. */
export const flowRequests = (flows: readonly string[], from: string | undefined): readonly FlowRequest[] => {
  if (from !== undefined && flows.length === 0)
    throw new UsageError("--from says where a flow starts and needs --flow 'SRC -> DST:PORT' beside it");
  return flows.map((text) => {
    const { src, dst, proto } = parseFlowExpression(text);
    return { src, dst, proto: String(proto), from };
  });
};
