/** What a cell prints and displays, in its order, sent in few messages: JupyterLab slows down on many small ones. */

/**
 * @typedef {'stdout' | 'stderr'} StreamName
 * @typedef {{ data: Record<string, unknown>, metadata: Record<string, unknown>, transient?: Record<string, unknown> }} Bundle
 * @typedef {ReturnType<typeof createOutput>} Output
 */

/** At most one flush in this time, in ms, unless a display comes between. */
const interval = 50;

// Held from before the kernel replaces the global one, which stops with the cell that calls it.
const { setTimeout } = globalThis;

/** @param {(type: string, content: Record<string, unknown>) => void} send */
function createOutput(send) {
  /** @type {{ name: StreamName, text: string }[]} */
  let pending = [];
  let flushed = 0;
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  let open = true;

  function flush() {
    clearTimeout(timer);
    timer = undefined;
    flushed = performance.now();
    const streams = pending;
    pending = [];
    for (const stream of streams) send('stream', stream);
  }

  return {
    flush,

    /** @param {StreamName} name @param {string} text */
    write(name, text) {
      if (!open || text === '') return;
      const last = pending.at(-1);
      if (last?.name === name) last.text += text;
      else pending.push({ name, text });
      // A loop that never lets a timer fire still shows what it prints, since each write looks at the clock.
      if (performance.now() - flushed >= interval) flush();
      else timer ??= setTimeout(flush, interval);
    },

    /** @param {string} type @param {Record<string, unknown>} content */
    display(type, content) {
      if (!open) return;
      flush();
      send(type, content);
    },

    /** Sends what waits, and drops all that comes later. */
    close() {
      flush();
      open = false;
    },
  };
}

module.exports = { createOutput };
