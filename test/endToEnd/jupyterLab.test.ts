import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Where Chromium is, or undefined; CI installs it, and then its absence is an error. */
const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim())
  .find((path) => path !== '');

const notebooks = readdirSync('notebooks').filter((name) => name.endsWith('.ipynb'));
const screenshots = 'data/results/screenshots';
const token = 'test';

/** Ends a test before vitest does, in ms, so that its failure can say what it waited for. */
const limit = 240_000;

/** The part of the page in which a notebook's cells are seen: below the toolbar, above the status bar; in pixels. */
const view = { top: 90, bottom: 980 };

/** JupyterLab itself, which `--expose-app-in-browser` makes a global of the page: what the tests use of it. */
declare const jupyterapp: {
  readonly commands: {
    readonly commandExecuted: {
      connect(slot: (sender: unknown, call: { id: string; result: Promise<unknown> }) => void): void;
    };
  };
  readonly shell: {
    readonly currentWidget: { readonly content: { readonly widgets: { model: CellModel }[] } };
  };
};

interface CellModel {
  readonly type: 'code' | 'markdown' | 'raw';
  readonly executionCount: number | null;
  readonly outputs: { toJSON(): { output_type: string; evalue?: string }[] };
}

let server: ReturnType<typeof spawn>;
let address: string;
let browser: Browser;
let context: BrowserContext;
let scratch: string;
let runtime: string;

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

async function startServer() {
  const port = await freePort();
  address = `http://127.0.0.1:${port}`;
  const options = ['--no-browser', '--expose-app-in-browser', `--port=${port}`];
  const settings = join(runtime, 'settings');
  // a notebook that runs for minutes would be saved, with what `quick` made of it, over the committed one
  mkdirSync(join(settings, '@jupyterlab/docmanager-extension'), { recursive: true });
  writeFileSync(
    join(settings, '@jupyterlab/docmanager-extension/plugin.jupyterlab-settings'),
    JSON.stringify({ autosave: false }),
  );
  server = spawn(
    process.execPath,
    ['lib/workspace/lab.mjs', 'start', ...options, `--IdentityProvider.token=${token}`],
    {
      stdio: 'ignore',
      env: {
        ...process.env,
        // settings and open documents of the person who runs this test stay out of it
        JUPYTER_CONFIG_DIR: runtime,
        JUPYTER_DATA_DIR: runtime,
        JUPYTERLAB_SETTINGS_DIR: settings,
        JUPYTERLAB_WORKSPACES_DIR: join(runtime, 'workspaces'),
        LAB_PARAMETERS: JSON.stringify({ quick: true, overrides: {} }),
        LAB_RESULTS: join(runtime, 'results'),
      },
    },
  );
  while (!(await ask('api/status').catch(() => undefined))?.ok) {
    if (server.exitCode !== null) throw new Error(`JupyterLab ended with exit status ${server.exitCode}.`);
    await sleep(200);
  }
}

/** Asks JupyterLab's server. */
async function ask(path: string, method = 'GET'): Promise<Response> {
  return fetch(`${address}/${path}`, { method, headers: { Authorization: `token ${token}` } });
}

/** Ends the kernels, of which each holds more than half a gigabyte. */
async function endKernels() {
  const sessions = (await (await ask('api/sessions')).json()) as { id: string }[];
  for (const { id } of sessions) await ask(`api/sessions/${id}`, 'DELETE');
}

/**
 * Tests a notebook on a page of its own, on which the browser may report no error.
 * A failure, and a test that does not end, names the phase it was in and leaves a screenshot.
 */
async function onNotebook(
  path: string,
  test: (page: Page, phase: (name: string) => void) => Promise<void>,
): Promise<void> {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  let phase = 'opening the notebook';
  const run = async () => {
    await page.goto(`${address}/lab/tree/${path}?token=${token}&reset`);
    await page.locator('.jp-Notebook .jp-Cell').first().waitFor({ timeout: 60_000 });
    await kernelIsIdle(page);
    await test(page, (name) => {
      phase = name;
    });
    phase = 'reading what the browser reported';
    expect(errors).toEqual([]);
  };
  const ended = new AbortController();
  const late = async () => {
    await sleep(limit, undefined, { signal: ended.signal });
    throw new Error(`it had not ended after ${limit / 1000} s`);
  };
  try {
    await Promise.race([run(), late()]);
  } catch (error) {
    const screenshot = join(screenshots, `failed-${basename(path, '.ipynb')}.png`);
    await page.screenshot({ path: screenshot }).catch(() => {});
    if (error instanceof Error)
      error.message = `${path}, while ${phase}: ${error.message}\nThe page is in ${screenshot}.`;
    throw error;
  } finally {
    ended.abort();
    await page.close();
    // a server that does not answer has made the test fail already, for a reason that this one would hide
    await endKernels().catch(() => {});
  }
}

/** Waits until JupyterLab's status bar says that the notebook's kernel is idle; it is so between two cells too. */
async function kernelIsIdle(page: Page) {
  await page.getByText('TypeScript (tslab workspace) | Idle').waitFor({ timeout: 180_000 });
}

/**
 * Runs all cells from the menu, and waits for the end of the command that the menu gave.
 * @returns of each code cell, in order, its execution count and the errors in its output
 */
async function runAllCells(page: Page) {
  const command = await page.evaluateHandle(() => ({
    ended: new Promise<void>((resolve, reject) => {
      jupyterapp.commands.commandExecuted.connect((_, { id, result }) => {
        if (id === 'notebook:run-all-cells') result.then(() => resolve(), reject);
      });
    }),
  }));
  await menu(page, 'Run', 'Run All Cells');
  await command.evaluate(({ ended }) => ended);
  return page.evaluate(() =>
    jupyterapp.shell.currentWidget.content.widgets
      .map(({ model }) => model)
      .filter(({ type }) => type === 'code')
      .map(({ executionCount, outputs }) => ({
        executionCount,
        errors: outputs
          .toJSON()
          .filter(({ output_type }) => output_type === 'error')
          .map(({ evalue }) => evalue),
      })),
  );
}

/**
 * Looks for a figure as a reader does: from the top, by the wheel, with the mouse on one figure after the other, since
 * JupyterLab shows a figure as an image until the mouse is over it. Starts again from the top, since cells are added to
 * the page little by little.
 * @param selector what the figure has once it is drawn
 * @returns        the figure, drawn, and the whole of it in view
 * @throws         when a figure is not drawn within 30 s, or when none of those seen in 60 s is the one
 */
async function findFigure(page: Page, selector: string): Promise<Locator> {
  const figures = page.locator('.jp-RenderedPlotly');
  const start = performance.now();
  await page.mouse.move(800, 600);
  do {
    await page.locator('.jp-Notebook .jp-Cell').first().scrollIntoViewIfNeeded();
    for (let i = 0; i < (await figures.count()); i++) {
      await draw(page, figures.nth(i), `figure ${i + 1}`);
      if ((await figures.nth(i).locator(selector).count()) > 0) return figures.nth(i);
    }
    await sleep(100);
  } while (performance.now() - start < 60_000);
  throw new Error(`none of the ${await figures.count()} figures in the notebook has "${selector}"`);
}

/** Turns the wheel until the whole of a figure is in view, and puts the mouse on it until it is drawn. */
async function draw(page: Page, figure: Locator, name: string) {
  let tries = 0;
  const look = async () => {
    const box = await figure.boundingBox();
    if (!box) return 'not in the page';
    if (box.y <= view.top || box.y + box.height >= view.bottom) {
      const distance = box.y + box.height / 2 - (view.top + view.bottom) / 2;
      await page.mouse.wheel(0, Math.max(-600, Math.min(600, distance)));
      return 'out of view';
    }
    // one pixel to and fro: a mouse that rests while a figure comes below it may not count as over it
    await page.mouse.move(box.x + 200 + (tries++ % 2), box.y + box.height / 2);
    return (await figure.locator('.main-svg').first().isVisible()) ? 'drawn' : 'an image';
  };
  await expect.poll(look, { message: name, timeout: 30_000, interval: 100 }).toBe('drawn');
}

async function menu(page: Page, name: string, item: string) {
  await page.getByRole('menuitem', { name, exact: true }).click();
  await page.getByRole('menuitem', { name: item, exact: true }).click();
}

beforeAll(async () => {
  if (!executablePath) return;
  runtime = mkdtempSync(join(tmpdir(), 'lab-jupyter-'));
  scratch = `data/results/scratch-${process.pid}`;
  mkdirSync(scratch, { recursive: true });
  mkdirSync(screenshots, { recursive: true });
  await startServer();
  const flags = '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking';
  browser = await chromium.launch({
    executablePath,
    args: [...flags.split(' '), '--disable-component-update', '--disable-sync'],
  });
  // one context for all pages: what it keeps of JupyterLab's files is not loaded again
  context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
});

afterAll(async () => {
  await browser?.close();
  if (server) {
    const ended = new Promise((resolve) => server.on('close', resolve));
    server.kill('SIGTERM');
    await ended;
  }
  for (const folder of [runtime, scratch]) if (folder) rmSync(folder, { recursive: true, force: true });
});

it.runIf(process.env.LAB_REQUIRE_CHROMIUM)('finds Chromium where it is required', () => {
  expect(executablePath).toBeTruthy();
});

describe.skipIf(!executablePath)('JupyterLab in Chromium (skipped where none is installed)', () => {
  it.each(notebooks)('runs all cells of %s and draws its figures', async (name) => {
    await onNotebook(`notebooks/${name}`, async (page, phase) => {
      phase('running the cells');
      const cells = await runAllCells(page);
      expect(cells).toEqual(cells.map((_, i) => ({ executionCount: i + 1, errors: [] })));
      phase('looking at the first figure');
      const figure = await findFigure(page, '.main-svg');
      await page.screenshot({ path: join(screenshots, `${basename(name, '.ipynb')}.png`) });
      expect(await figure.locator('.main-svg').first().isVisible()).toBe(true);
      const heights = await page
        .locator('.jp-RenderedPlotly')
        .evaluateAll((figures) => figures.map((one) => one.getBoundingClientRect().height));
      expect(Math.min(...heights)).toBeGreaterThan(100);
      expect(
        await page
          .locator(
            '.jp-OutputArea-output[data-mime-type*="error"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]',
          )
          .count(),
      ).toBe(0);
    });
  });

  it('moves a slider, and colours the tokens of a rollout anew, without running a cell', async () => {
    await onNotebook('notebooks/08-ppo.ipynb', async (page, phase) => {
      phase('moving the slider');
      const objective = await findFigure(page, '.slider-rail-touch-rect');
      const slider = objective.locator('.slider-rail-touch-rect').first();
      await objective.getByText('at ε = 0.2').waitFor();
      const { width } = (await slider.boundingBox())!;
      await slider.click({ position: { x: width - 4, y: 4 } });
      await objective.getByText('at ε = 0.5').waitFor();
      await page.screenshot({ path: join(screenshots, 'slider.png') });

      phase('colouring the tokens');
      const tokens = await findFigure(page, '.updatemenu-header');
      const box = tokens.locator('.barlayer .point path').first();
      const before = await box.getAttribute('style');
      await tokens.locator('.updatemenu-header').first().click();
      await page.getByText('colour by reward', { exact: true }).click();
      await expect.poll(() => box.getAttribute('style')).not.toBe(before);
      await page.screenshot({ path: join(screenshots, 'tokens.png') });
    });
  });

  it('interrupts a training cell, keeps its variables and its kernel', async () => {
    const code = (id: string, ...lines: string[]) => ({
      cell_type: 'code',
      id,
      metadata: {},
      outputs: [],
      execution_count: null,
      source: lines.join('\n'),
    });
    const notebook = {
      cells: [
        code(
          'train',
          "import { tf } from './lib/engine/tensorflow';",
          "import { checkInterrupt } from './lib/engine/interrupt';",
          'const rows: { step: number }[] = [];',
          'async function train() {',
          '  for (let step = 1; ; step++) {',
          '    tf.matMul(tf.ones([64, 64]), tf.ones([64, 64])).dispose();',
          '    rows.push({ step });',
          '    await checkInterrupt();',
          '  }',
          '}',
          "console.log('training');",
          'await train();',
        ),
        code('after', "console.log(rows.length > 3 ? 'rows kept' : 'rows lost');"),
      ],
      metadata: {
        kernelspec: {
          name: 'tslab-workspace',
          display_name: 'TypeScript (tslab workspace)',
          language: 'typescript',
        },
      },
      nbformat: 4,
      nbformat_minor: 5,
    };
    writeFileSync(join(scratch, 'interrupt.ipynb'), JSON.stringify(notebook));
    await onNotebook(`${scratch}/interrupt.ipynb`, async (page, phase) => {
      phase('interrupting the training');
      await page.locator('.jp-Cell').first().click();
      await page.keyboard.press('Shift+Enter');
      await page.getByText('training', { exact: true }).waitFor();
      await sleep(500);
      await page.locator('[data-command="notebook:interrupt-kernel"]').first().click();
      await page.locator('.jp-OutputArea-output', { hasText: 'Interrupted' }).first().waitFor();
      await kernelIsIdle(page);
      phase('running the cell after it');
      await page.locator('.jp-Cell').nth(1).click();
      await page.keyboard.press('Shift+Enter');
      await page.getByText('rows kept', { exact: true }).waitFor();
      await page.screenshot({ path: join(screenshots, 'interrupt.png') });
    });
  });
});
