/**
 * One running copy of the host module, replaced when it traps: a panic leaves the module's memory in the
 * middle of something, so a copy that trapped never answers again.
 */

/** A ledger entry as XDR, with the last ledger it lives in (0 where entries do not expire). */
export type StoredEntry = { entry: Uint8Array; liveUntil: number };

/** Finds an entry by the XDR of its `LedgerKey`. Called while the host runs, so it answers at once. */
export type LedgerGet = (key: Uint8Array) => StoredEntry | undefined;

export type HostOperation =
  | 'simulate'
  | 'invoke'
  | 'simulate_extend_ttl'
  | 'simulate_restore'
  | 'extend_ttl'
  | 'restore'
  | 'resource_fee';

/** The host stopped in the middle of a request. The next request runs in a fresh copy. */
export class HostTrap extends Error {
  override readonly name = 'HostTrap';
  /** What the host said before it stopped, if it said anything. */
  readonly panic: string | undefined;

  constructor(operation: string, panic: string | undefined, cause: unknown) {
    super(`the Soroban host stopped in ${operation}: ${panic ?? String(cause)}`, { cause });
    this.panic = panic;
  }
}

export type HostInstance = {
  /** The protocol version the host implements, the only one it accepts. */
  readonly protocolVersion: number;
  /** Sends one frame and returns the answer, a copy of its own. */
  call(operation: HostOperation, request: Uint8Array): Uint8Array;
  /** Forgets cached network settings and parsed contracts. */
  reset(): void;
  /** Makes the host panic, to exercise recovery. Always throws HostTrap. */
  crash(): never;
};

export function createHostInstance(deps: { module: WebAssembly.Module; ledgerGet: LedgerGet }): HostInstance {
  let running = start(deps.module, deps.ledgerGet);

  function guarded<Result>(operation: string, run: (exports: HostExports) => Result): Result {
    const { exports } = running;
    try {
      return run(exports);
    } catch (cause) {
      const panic = running.lastPanic();
      running = start(deps.module, deps.ledgerGet);
      throw new HostTrap(operation, panic, cause);
    }
  }

  return {
    get protocolVersion() {
      return running.protocolVersion;
    },
    call: (operation, request) => guarded(operation, (exports) => exchange(exports, operation, request)),
    reset: () => guarded('reset', (exports) => exports.reset()),
    crash: () => {
      guarded('crash', (exports) => exports.crash());
      throw new Error('the host survived its crash export');
    },
  };
}

type HostExports = {
  memory: { readonly buffer: ArrayBuffer };
  init(): number;
  reset(): void;
  crash(): void;
  alloc(length: number): number;
  free(pointer: number, length: number): void;
} & Record<HostOperation, (pointer: number, length: number) => number>;

/** Writes the request, runs, copies the answer out. Pointers arrive signed; `>>> 0` makes them addresses. */
function exchange(exports: HostExports, operation: HostOperation, request: Uint8Array): Uint8Array {
  const input = exports.alloc(request.length) >>> 0;
  new Uint8Array(exports.memory.buffer, input, request.length).set(request);
  const output = exports[operation](input, request.length) >>> 0;
  const length = new DataView(exports.memory.buffer).getUint32(output, true);
  const answer = new Uint8Array(exports.memory.buffer, output + 4, length).slice();
  exports.free(output, length + 4);
  return answer;
}

function start(module: WebAssembly.Module, ledgerGet: LedgerGet) {
  let panic: string | undefined;
  const env = {
    log(pointer: number, length: number): void {
      panic = new TextDecoder().decode(new Uint8Array(exports.memory.buffer, pointer >>> 0, length));
    },
    ledger_get(pointer: number, length: number): number {
      const key = new Uint8Array(exports.memory.buffer, pointer >>> 0, length).slice();
      const found = ledgerGet(key);
      return found === undefined ? 0 : handOver(exports, found);
    },
  };
  const exports = new WebAssembly.Instance(module, { env }).exports as HostExports;
  return { exports, protocolVersion: exports.init(), lastPanic: () => panic };
}

/** Copies an entry into the module's memory; views are taken after `alloc`, which may move the memory. */
function handOver(exports: HostExports, found: StoredEntry): number {
  const length = found.entry.length + 4;
  const pointer = exports.alloc(length + 4) >>> 0;
  const view = new DataView(exports.memory.buffer, pointer, 8);
  view.setUint32(0, length, true);
  view.setUint32(4, found.liveUntil, true);
  new Uint8Array(exports.memory.buffer, pointer + 8, found.entry.length).set(found.entry);
  return pointer;
}

/** The part of the standard WebAssembly interface used here: Node has it, its type package does not. */
declare global {
  namespace WebAssembly {
    class Module {
      static imports(module: Module): { module: string; name: string }[];
      constructor(bytes: Uint8Array);
    }
    class Instance {
      readonly exports: unknown;
      constructor(module: Module, imports: Record<string, Record<string, (...args: number[]) => unknown>>);
    }
  }
}
