/** The exit status of what was stopped, as a shell gives it after Ctrl-C. */
export const stoppedStatus = 130;

/** Aborts at Ctrl-C, at a polite kill and when the terminal closes; at the second of them the process exits at once. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(stoppedStatus);
      controller.abort();
    });
  }
  return controller.signal;
}
