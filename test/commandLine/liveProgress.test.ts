import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { barLine, plainLine, secondsLeft, showProgress } from '../../lib/commandLine/liveProgress';
import { textTable } from '../../lib/commandLine/textTable';
import { duration, someOf } from '../../lib/commandLine/words';
import { wrap } from '../../lib/commandLine/wrap';
import { runSpec } from './madeUpRuns';

const training = {
  name: 'room__grpo__1__aaaaaaaa',
  from: 10,
  step: 20,
  steps: 40,
  reward: 0.5,
  kl: null,
  started: 1000,
};

describe('a run that trains', () => {
  it('tells the time left at the pace since it was taken up', () => {
    // 10 steps took 5 s, and 20 are left
    expect(secondsLeft(training, 6000)).toBe(10);
    expect(secondsLeft({ ...training, step: 10 }, 6000)).toBeNull();
    expect(secondsLeft({ ...training, step: 40 }, 6000)).toBeNull();
  });

  it('is a bar on a terminal, and a sentence elsewhere', () => {
    expect(barLine(training, 6000, 25)).toBe(
      'room__grpo__1__aaaaaaaa    ▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░  20/40  reward 0.5       10.0 s left',
    );
    expect(plainLine({ ...training, kl: 0.0123 }, 6000)).toBe(
      'room__grpo__1__aaaaaaaa: step 20 of 40, reward 0.5, KL 0.0123, 10.0 s left',
    );
    expect(plainLine({ ...training, from: 0, step: 0 }, 6000)).toBe('room__grpo__1__aaaaaaaa: step 0 of 40');
  });
});

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const summary = {
    step: 40,
    reward: 0.5,
    accuracy: 1,
    held_out_accuracy: null,
    best_step: 40,
    seconds: 12,
    resumed: 0,
  };
  const row = { step: 20, reward: 0.5, accuracy: null, entropy: 1, kl: 0.01 };

  it('without a terminal is a line at the beginning, every ten seconds and at the end', () => {
    const written: string[] = [];
    const progress = showProgress({ write: (text) => written.push(text) }, [runSpec({ seed: 1 })]);
    const run = runSpec({ seed: 1 }).name;
    progress.hear({ run, kind: 'started', from: 0 });
    progress.hear({ run, kind: 'row', row });
    vi.advanceTimersByTime(20_000);
    progress.hear({ run: '', kind: 'notice', sentence: 'the server is out.' });
    progress.hear({ run, kind: 'ended', summary: { ...summary, status: 'done', reason: '' } });
    progress.close();
    vi.advanceTimersByTime(20_000);
    expect(written).toEqual([
      `${run}: started\n`,
      `${run}: step 20 of 40, reward 0.5, KL 0.01, 10.0 s left\n`,
      `${run}: step 20 of 40, reward 0.5, KL 0.01, 20.0 s left\n`,
      'the server is out.\n',
      `${run}: done, 40 steps in 12.0 s, reward 0.5, accuracy 1\n`,
    ]);
  });

  it('on a terminal is redrawn in place, within its width and height', () => {
    const specs = [1, 2, 3, 4].map((seed) => runSpec({ seed }));
    let written = '';
    const terminal = {
      isTTY: true,
      columns: 40,
      rows: 4,
      write: (text: string) => {
        written += text;
      },
    };
    const progress = showProgress(terminal, specs);
    for (const { name: run } of specs) progress.hear({ run, kind: 'started', from: 0 });
    vi.advanceTimersByTime(200);
    // two runs of the four, since the window has no room for more, and the line of all
    expect(written.split('\n').map((line) => line.length)).toEqual([39, 39, 24, 0]);
    expect(written).toContain('0 of 4 runs ended');
    written = '';
    vi.advanceTimersByTime(200);
    expect(written.startsWith('\x1b[3A\x1b[J')).toBe(true);
    written = '';
    const failed = { ...summary, step: 3, status: 'failed' as const, reason: 'the loss is NaN.' };
    progress.hear({ run: specs[0]!.name, kind: 'ended', summary: failed });
    expect(written).toContain(`\x1b[J${specs[0]!.name}: failed after 3 steps: the loss is NaN.\n`);
    expect(written).toContain('1 of 4 runs ended');
    written = '';
    progress.close();
    expect(written).toBe('\x1b[3A\x1b[J');
  });
});

describe('words', () => {
  it('tell times', () => {
    expect([0, 8.25, 59.94, 59.96, 72, 3672].map(duration)).toEqual([
      '0.0 s',
      '8.3 s',
      '59.9 s',
      '1 min 00 s',
      '1 min 12 s',
      '1 h 01 min',
    ]);
  });

  it('tell the first of many names', () => {
    expect(someOf(['a', 'b', 'c'], 3)).toBe('a, b, c');
    expect(someOf(['a', 'b', 'c', 'd'], 3)).toBe('a, b, c and 1 other');
  });

  it('are wrapped at spaces', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('stand in columns, without those that are empty', () => {
    const rows = [
      ['run', 'steps', 'held out', 'set'],
      ['long name', '1/2', '', 'a=1'],
      ['b', '10/20', '', ''],
    ];
    expect(textTable(rows)).toBe('run        steps  set\nlong name    1/2  a=1\nb          10/20');
  });
});
