import { parseArgs } from 'node:util';

const usage = `npm run bench -- [options]
  --tokens            instead: tokens never seen before, and floods of bad ones
  --sizes             instead: routes, accounts and past usage, few and many; memory of an account
  --all               the comparison and both of these
  --quick             2 rounds of 1 s: only to see that it runs
  --rounds N          rounds, 5 without it
  --seconds S         length of one measurement, 3 without it; each program takes 2.5 of them a round
  --minutes M         chooses --seconds so that all of it takes about so long
  --only a,b          some of: NAMES
  --out PREFIX        put before the names of the files in bench/results; with --quick nothing is written without it
  --json              the results as JSON on stdout
  --install           installs what is missing with apt-get, as root
  --flood N           bad tokens a second, 2000 without it
  --routes N, --past-accounts N, --past-calls N   how many are many: 10000, 1000000, 10000000
  --profile DIR       CPU profiles of Callora's processes, for the developer tools of a browser; they cost a little
  --fresh             makes accounts, deposits and tokens anew
  --proxy-core N, --load-core N   0 and 1 without them`;

export function readOptions(args, names) {
  const { values } = parse(args, names);
  const whole = (name, fallback) => {
    const number = Number(values[name] ?? fallback);
    if (!Number.isFinite(number) || number < 0) fail(`--${name} ${values[name]} is no number`, names);
    return number;
  };
  const quick = values.quick ?? false;
  const chosen = values.only?.split(',') ?? names;
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown !== undefined) fail(`there is no ${unknown} to compare with`, names);
  const rounds = whole('rounds', quick ? 2 : 5);
  const what = whatOf(values);
  const minutes = whole('minutes', 0);
  const fitting = minutes > 0 ? secondsFor({ minutes, what, rounds, programs: chosen.length }) : undefined;
  const seconds = fitting ?? whole('seconds', quick ? 1 : 3);
  return {
    names: chosen,
    rounds,
    seconds: Math.round(seconds * 10) / 10,
    connections: 64,
    accounts: whole('accounts', 10_000),
    proxyCore: whole('proxy-core', 0),
    loadCore: whole('load-core', 1),
    out: values.out ?? (quick ? undefined : ''),
    what,
    profileFolder: values.profile,
    flood: whole('flood', 2_000),
    sizes: {
      routes: whole('routes', 10_000),
      accounts: whole('past-accounts', 1_000_000),
      usage: whole('past-calls', 10_000_000),
    },
    json: values.json ?? false,
    install: values.install ?? false,
    fresh: values.fresh ?? false,
  };
}

/** What the parts take on two quiet cores, once the accounts are made: to start and warm up, and for each `--seconds`. */
const costs = {
  // A measurement at full speed, one at half of it, and half of one against the upstream.
  comparison: ({ rounds, programs }) => ({ fixed: 20 + programs * (3 + rounds), turns: rounds * programs * 2.5 }),
  tokens: ({ rounds }) => ({ fixed: 40 + rounds * 3, turns: 1 + rounds * 3 }),
  sizes: ({ rounds }) => ({ fixed: 120 + rounds * 3, turns: rounds * 5 }),
};

function secondsFor({ minutes, what, ...plan }) {
  const parts = what.map((name) => costs[name](plan));
  const fixed = parts.reduce((sum, part) => sum + part.fixed, 0);
  const turns = parts.reduce((sum, part) => sum + part.turns, 0);
  return Math.max(0.5, (minutes * 60 - fixed) / turns);
}

function whatOf({ tokens, sizes, all }) {
  if (all) return ['comparison', 'tokens', 'sizes'];
  const chosen = [...(tokens ? ['tokens'] : []), ...(sizes ? ['sizes'] : [])];
  return chosen.length > 0 ? chosen : ['comparison'];
}

function parse(args, names) {
  const text = { type: 'string' };
  const flag = { type: 'boolean' };
  const options = {
    quick: flag,
    tokens: flag,
    sizes: flag,
    all: flag,
    flood: text,
    profile: text,
    routes: text,
    'past-accounts': text,
    'past-calls': text,
    rounds: text,
    seconds: text,
    minutes: text,
    only: text,
    out: text,
    json: flag,
    install: flag,
    fresh: flag,
    accounts: text,
    'proxy-core': text,
    'load-core': text,
    help: flag,
  };
  try {
    const parsed = parseArgs({ args, options });
    if (parsed.values.help) {
      console.log(usage.replace('NAMES', names.join(', ')));
      process.exit(0);
    }
    return parsed;
  } catch (error) {
    return fail(error.message, names);
  }
}

function fail(message, names) {
  console.error(`${message}\n\n${usage.replace('NAMES', names.join(', '))}`);
  process.exit(2);
}
