/** What one client's connection may take, where no operator has a reason to change it. */

/** Idle keep-alive connections are held this long, ms: past a client's think time, short enough to shed them. */
export const keepAliveTimeoutMs = 15_000;

/** Longest wait for a client to take the last answer and hang up, ms; until then what it sends is read and dropped. */
export const lingerMs = 2_000;

/** A read of so many bytes is the last of its turn: it may hold thousands of chunks, and a socket has megabytes ready. */
export const turnBytes = 16_384;

/** Pipelined requests of one client that are begun in one turn: a read may hold thousands, each refused in microseconds. */
export const requestsAtOnceMax = 16;
