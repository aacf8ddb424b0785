import { CAUSES } from '../../judging/registry.ts';
import { renderCauseList, renderCausePage } from '../../report/catalogue/terminal.ts';
import { nearest } from '../nearest.ts';
import { print } from '../store.ts';
import { chosenLanguage, terminalOptions } from '../terminal-options.ts';
import { UsageError } from '../usage-error.ts';

export interface ExplainArguments {
  cause: string | undefined;
  lang: string | undefined;
}

/** Prints the catalogue's page of a cause, or the list of all; gives the exit status. */
export const runExplain = (args: ExplainArguments): number => {
  const options = { lang: chosenLanguage(args.lang), ...terminalOptions() };
  if (args.cause === undefined) {
    print(renderCauseList(CAUSES, options));
    return 0;
  }
  const asked = args.cause.toLowerCase();
  const cause = CAUSES.find(({ id }) => id === asked);
  if (!cause) {
    const near = nearest(
      asked,
      CAUSES.map(({ id }) => id),
    );
    throw new UsageError(`no cause ${args.cause}; nearest: ${near.join(', ')}`);
  }
  print(renderCausePage(cause, options));
  return 0;
};
