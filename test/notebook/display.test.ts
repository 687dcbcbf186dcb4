import { afterEach, describe, expect, it, vi } from 'vitest';
import { display, inNotebook, liveDisplay } from '../../lib/notebook/display';
import { enterNotebook, leaveNotebook, remaining } from './fakeNotebook';

const text = (plain: string) => ({ data: { 'text/plain': plain } });

afterEach(() => {
  leaveNotebook();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** What standard output gets from now on. */
function captureOutput(isTTY: boolean): () => string {
  let written = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written += String(chunk);
    return true;
  });
  Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
  Object.defineProperty(process.stdout, 'columns', { value: 20, configurable: true });
  return () => written;
}

describe('in a notebook', () => {
  it('sends the whole bundle to the running cell, also after another cell has begun', () => {
    const first = enterNotebook();
    expect(inNotebook()).toBe(true);
    display({ data: { 'text/plain': 'one', 'text/html': '<b>one</b>' }, metadata: { lab: {} } });
    const second = enterNotebook();
    display(text('two'));
    expect(first).toEqual([
      { data: { 'text/plain': 'one', 'text/html': '<b>one</b>' }, metadata: { lab: {} }, update: false },
    ]);
    expect(second.map(({ data }) => data)).toEqual([{ 'text/plain': 'two' }]);
  });

  it('replaces a live output in place', () => {
    const shown = enterNotebook();
    const [a, b] = [liveDisplay(), liveDisplay()];
    a.update(text('a 1'));
    b.update(text('b 1'));
    a.update(text('a 2'));
    a.finish(text('a 3'));
    expect(shown.map(({ update }) => update)).toEqual([false, false, true, true]);
    expect(remaining(shown).map(({ data }) => data['text/plain'])).toEqual(['a 3', 'b 1']);
  });
});

describe('outside a notebook', () => {
  it('prints the text', () => {
    const output = captureOutput(false);
    expect(inNotebook()).toBe(false);
    display({ data: { 'text/plain': 'plain', 'text/html': '<b>rich</b>' } });
    expect(output()).toBe('plain\n');
  });

  it('redraws one line of a terminal, no wider than the terminal', () => {
    const output = captureOutput(true);
    const line = liveDisplay();
    line.update(text('1/3'));
    line.update(text('2/3, and more than fits'));
    line.finish(text('3/3'));
    expect(output()).toBe('\r\x1b[2K1/3\r\x1b[2K2/3, and more than \r\x1b[2K3/3\n');
  });

  it('prints a line every ten seconds to a log, and the last state', () => {
    vi.useFakeTimers();
    const output = captureOutput(false);
    const line = liveDisplay();
    for (let second = 1; second <= 25; second++) {
      vi.advanceTimersByTime(1000);
      line.update(text(`second ${second}`));
    }
    line.finish(text('done'));
    expect(output()).toBe('second 10\nsecond 20\ndone\n');
  });
});
