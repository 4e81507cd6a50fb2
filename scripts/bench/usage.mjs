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
  process.send(started);
}
