import type { FlowRequest } from '../judging/request.ts';
import { parseFlowExpression } from './flow-expression.ts';
import { UsageError } from './usage-error.ts';

/** `--flow`, `--from` and `--in` as the pipeline takes them. Errors: FlowExpressionError; UsageError for a start without a flow, or two of them. */
export const flowRequests = (
  flows: readonly string[],
  from: string | undefined,
  at?: string,
  saw?: FlowRequest['saw'],
): readonly FlowRequest[] => {
  if (from !== undefined && at !== undefined)
    throw new UsageError('--from says who sends the flow and --in where it is received: give one of them');
  if (at !== undefined && flows.length === 0)
    throw new UsageError("--in says where a flow is received and needs --flow 'SRC -> DST:PORT' beside it");
  if (from !== undefined && flows.length === 0)
    throw new UsageError("--from says where a flow starts and needs --flow 'SRC -> DST:PORT' beside it");
  if (saw !== undefined && flows.length === 0)
    throw new UsageError("--saw says what became of a flow and needs --flow 'SRC -> DST:PORT' beside it");
  return flows.map((text) => {
    const { src, dst, proto } = parseFlowExpression(text);
    return { src, dst, proto: String(proto), from, in: at, saw };
  });
};
