// Answers the bench's questions in a child process and tells it where the child listens.
export function serveBench(started, answers = {}) {
  process.on('message', async (question) => {
    if (question === 'usage') {
      const { user, system } = process.cpuUsage();
      process.send({ cpuMicros: user + system, rssBytes: process.memoryUsage.rss() });
      return;
    }
    process.send(await answers[question]());
  });
  // A bench that failed must not leave its children behind.
  process.on('disconnect', () => process.exit(0));
  process.send(started);
}
