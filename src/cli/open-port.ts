import net from 'node:net';
import { CliError } from './exit-codes.ts';

/**
 * The port of this option, free at this moment; 0 asks the system for one. The config file names it, and other commands
 * find the gateway through the file, so it must be known before anything listens.
 */
export async function openPort(text: string, option: string): Promise<number> {
  const wanted = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(wanted <= 65_535))
    throw new CliError('usage', `${option} ${text} is no port; it takes a number from 0 to 65535`);
  const probe = net.createServer();
  const port = await new Promise<number>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const busy = `port ${wanted} is in use; stop what listens there, or choose another with ${option}`;
      reject(error.code === 'EADDRINUSE' ? new CliError('usage', busy) : error);
    });
    probe.listen(wanted, '127.0.0.1', () => {
      const bound = probe.address();
      resolve(typeof bound === 'object' && bound ? bound.port : wanted);
    });
  });
  await new Promise<void>((resolve) => probe.close(() => resolve()));
  return port;
}
