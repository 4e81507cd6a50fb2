import fs from 'node:fs';
import path from 'node:path';
import type { Catalog } from './catalog.ts';
import { copyDatabase, watchWrites } from './disk.ts';
import type { LineFault } from './line.ts';

/** What decides about a process from outside: which requests fail, and at which of its crash points it dies. */
export type Fate = {
  fault(method: string): LineFault | undefined;
  atCrashPoint(): boolean;
  /** Throws in the place of a durable write. */
  atWrite(): void;
};

/** Where its database lies, and where it lies after its death. */
export type Places = { file: string; grave: string; keysFile: string; catalog: Catalog };

/** Life and death of a process: it has died when its files were copied. */
export class Process {
  readonly file: string;
  readonly grave: string;
  dead = false;
  private readonly fate: Fate;
  private readonly unwatch: () => void;
  private readonly death: Promise<'dead'>;
  private die: () => void = () => undefined;

  constructor({ file, grave }: Places, fate: Fate) {
    this.file = file;
    this.grave = grave;
    this.fate = fate;
    this.death = new Promise((resolve) => {
      this.die = () => resolve('dead');
    });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    this.unwatch = watchWrites(file, (moment) => {
      this.pass();
      if (moment === 'before' && !this.dead) fate.atWrite();
    });
  }

  untilDeath<T>(work: Promise<T>): Promise<T | 'dead'> {
    // What a dead process would still have thrown reaches nobody.
    work.catch(() => undefined);
    return Promise.race([work, this.death]);
  }

  /** Never resolves for a process that has died. */
  crashPoint(): Promise<void> {
    this.pass();
    return this.dead ? new Promise(() => undefined) : Promise.resolve();
  }

  private pass(): void {
    if (!this.dead && this.fate.atCrashPoint()) this.end();
  }

  end(): void {
    if (this.dead) return;
    this.dead = true;
    copyDatabase(this.file, this.grave);
    this.die();
  }

  bury(): void {
    this.unwatch();
  }
}
