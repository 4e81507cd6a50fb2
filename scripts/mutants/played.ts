/** How much of a promise the longest tests play, and the text in the test that says so. */
export const played: Readonly<Record<string, { size: string; source: string }>> = {
  'test/long/lives.test.ts': { size: '100,000 changes of state', source: 'changesWanted = 100_000' },
  'test/long/crash-loop.test.ts': { size: '50 kills of the program', source: 'kills = 50' },
  'test/long/loss-under-load.test.ts': { size: '9 losses of the program’s database', source: 'losses = 9' },
  'test/long/kill-loop.test.ts': { size: '25 kills of the gateway', source: 'kills = 25' },
  'test/long/settlement-simulation.test.ts': { size: '10,000 batches', source: 'batchesWanted = 10_000' },
};
