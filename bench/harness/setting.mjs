import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startLoad } from './load.mjs';
import { startUpstream } from './upstream.mjs';

/** What every measurement needs: a folder for the run, the upstream, and the load. */
export async function openSetting({ options, say, atEnd }) {
  const { proxyCore, loadCore, profileFolder } = options;
  removeLeftOver();
  const folder = mkdtempSync(path.join(tmpdir(), `callora-bench-run-${process.pid}-`));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  const upstream = await startUpstream({ core: loadCore, folder });
  atEnd(upstream.stop);
  const load = await startLoad(loadCore);
  atEnd(load.stop);
  return {
    options,
    say,
    atEnd,
    folder,
    upstream,
    load,
    at: { core: proxyCore, loadCore, upstreamPort: upstream.port, atEnd, profileFolder },
  };
}

/** Folders of runs that were killed. */
function removeLeftOver() {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^callora-bench-run-(\d+)-/.exec(name) ?? [];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(path.join(tmpdir(), name), { recursive: true, force: true });
  }
}
