import fs from 'node:fs';

/**
 * fdatasync of the write-ahead log: what was committed before the call is on disk when it resolves. Callers of one
 * moment share one system call. It runs on libuv's threads, and on one descriptor for the life of the store.
 * A failure is final: the kernel reports a lost page once and then calls the file clean, so a later success would lie.
 */
export type WalSync = {
  sync(): Promise<void>;
  /** From now on nothing counts as safe: every later sync fails with this error. */
  fail(error: Error): void;
  close(): Promise<void>;
};

export type Fdatasync = (descriptor: number, done: (error: Error | null) => void) => void;

/** Notes what is in the log when a sync begins, and keeps it once that is on the disk. */
export type BeginMark = () => () => void;

const noMark: BeginMark = () => () => undefined;

export function createWalSync(
  file: string,
  fdatasync: Fdatasync = fs.fdatasync,
  beginMark: BeginMark = noMark,
): WalSync {
  // The -wal file carries no POSIX locks, unlike the database and -shm: a descriptor of our own is harmless there.
  const descriptor = fs.openSync(file, 'r+');
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let failure: Error | undefined;

  function once(): Promise<void> {
    return new Promise((resolve, reject) => {
      const keepMark = beginMark();
      fdatasync(descriptor, (error) => {
        if (!error) {
          keepMark();
          return resolve();
        }
        failure = error;
        reject(error);
      });
    });
  }

  function sync(): Promise<void> {
    if (failure) return Promise.reject(failure);
    if (!running) {
      running = once().finally(() => {
        running = undefined;
      });
      return running;
    }
    // The running call may have begun before the caller's commit: wait for the one after it.
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        return sync();
      });
    return next;
  }

  return {
    sync,
    fail(error) {
      failure ??= error;
    },
    async close() {
      await next?.catch(() => undefined);
      await running?.catch(() => undefined);
      fs.closeSync(descriptor);
    },
  };
}
