import { campaign, stopAll } from './campaign.ts';
import { sweep, whyNot } from './namespaces.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const option = (name: string, fallback: string | undefined): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
};
const flag = (name: string): boolean => process.argv.includes(`--${name}`);
const number = (name: string, fallback: number): number => {
  const value = Number(option(name, String(fallback)));
  if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} wants a number`);
  return value;
};

const main = async (): Promise<number> => {
  const obstacle = await whyNot();
  if (obstacle) {
    say(`SKIPPED, NOTHING WAS COMPARED WITH THE KERNEL: ${obstacle}`);
    return 0;
  }
  await sweep();
  const seed = number('seed', 1);
  const started = Date.now();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      void stopAll().then(() => process.exit(130));
    });
  // A reader that has gone (`| head`) must not leave namespaces behind.
  process.stdout.on('error', () => void stopAll().then(() => process.exit(1)));
  const tally = await campaign({
    cases: number('cases', 1000),
    seed,
    jobs: number('jobs', 3),
    only: option('only', undefined),
    keep: flag('keep'),
    shrink: !flag('no-shrink'),
    states: number('states', 1),
    minutes: number('minutes', 600),
    say,
  });
  const seconds = (Date.now() - started) / 1000;
  const list = (of: ReadonlyMap<string, number>) =>
    [...of]
      .sort((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  say('');
  for (const line of tally.coverage.lines()) say(line);
  say(`seen    ${list(tally.outcomes)}`);
  if (tally.undecided > 0) say(`undecided by the walk: ${list(tally.reasons)}`);
  say(
    `seed ${seed}: ${tally.cases} cases, ${tally.agreed} agreements, ${tally.disagreed} disagreements, ${tally.undecided} undecided, ${tally.refusedStates} states refused; ${seconds.toFixed(0)} s, ${(tally.cases / seconds).toFixed(1)} cases a second`,
  );
  const missing = tally.coverage.missing();
  if (missing.length > 0) say(`not exercised: ${missing.join(', ')}`);
  const wanted = number('cases', 1000);
  if (tally.cases < wanted && !option('only', undefined))
    say(`time was up: ${tally.cases} of ${wanted} cases were played`);
  say(`${tally.agreed} passed, ${tally.disagreed} failed`);
  return tally.disagreed > 0 ? 1 : 0;
};

main().then(
  (status) => process.exit(status),
  (error) => {
    say(String((error as Error).stack));
    void stopAll().then(() => process.exit(1));
  },
);
