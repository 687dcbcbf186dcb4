import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Where Chromium is, or undefined; CI installs it, and then its absence is an error. */
const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .map((name) => spawnSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim())
  .find((path) => path !== '');

const notebooks = readdirSync('notebooks').filter((name) => name.endsWith('.ipynb'));
const screenshots = 'data/results/screenshots';
const token = 'test';

let server: ReturnType<typeof spawn>;
let address: string;
let browser: Browser;
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
  const options = ['--no-browser', `--port=${port}`, `--IdentityProvider.token=${token}`];
  server = spawn(process.execPath, ['lib/workspace/lab.mjs', 'start', ...options], {
    stdio: 'ignore',
    env: {
      ...process.env,
      // settings and open documents of the person who runs this test stay out of it
      JUPYTER_CONFIG_DIR: runtime,
      JUPYTER_DATA_DIR: runtime,
      JUPYTERLAB_SETTINGS_DIR: join(runtime, 'settings'),
      JUPYTERLAB_WORKSPACES_DIR: join(runtime, 'workspaces'),
      LAB_PARAMETERS: JSON.stringify({ quick: true, overrides: {} }),
      LAB_RESULTS: join(runtime, 'results'),
    },
  });
  for (;;) {
    const answer = await fetch(`${address}/api/status?token=${token}`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(200);
  }
}

/** A page on one notebook, which collects what the browser reports as an error. */
async function open(path: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`${address}/lab/tree/${path}?token=${token}&reset`);
  await page.locator('.jp-Notebook .jp-Cell').first().waitFor({ timeout: 60_000 });
  await kernelStatus(page, 'Idle');
  return { page, errors };
}

/** Waits for a status of the notebook's kernel, as JupyterLab's status bar names it. */
async function kernelStatus(page: Page, status: string) {
  await page.getByText(`TypeScript (tslab workspace) | ${status}`).waitFor({ timeout: 180_000 });
}

/** JupyterLab draws the cells that are in view: goes there as a reader does, from the top, by the wheel. */
async function scrollTo(page: Page, element: Locator) {
  await page.locator('.jp-Cell').last().click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Home');
  await page.mouse.move(800, 600);
  while (!(await inView(element))) {
    await page.mouse.wheel(0, 300);
    await sleep(200);
  }
  await sleep(500);
}

/** Whether the whole of an element can be seen in the notebook. */
async function inView(element: Locator) {
  const box = (await element.count()) > 0 ? await element.boundingBox() : null;
  return box !== null && box.y > 90 && box.y + box.height < 980;
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
    const { page, errors } = await open(`notebooks/${name}`);
    await menu(page, 'Run', 'Run All Cells');
    await kernelStatus(page, 'Busy');
    await kernelStatus(page, 'Idle');
    const figure = page.locator('.js-plotly-plot .main-svg').first();
    await scrollTo(page, figure);
    await page.screenshot({ path: join(screenshots, `${basename(name, '.ipynb')}.png`) });
    expect(await figure.isVisible()).toBe(true);
    const heights = await page
      .locator('.js-plotly-plot')
      .evaluateAll((figures) => figures.map((one) => one.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThan(100);
    expect(
      await page
        .locator(
          '.jp-OutputArea-output[data-mime-type*="error"], .jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]',
        )
        .count(),
    ).toBe(0);
    expect(errors).toEqual([]);
    await page.close();
  });

  it('moves a slider, and colours the tokens of a rollout anew, without running a cell', async () => {
    const { page, errors } = await open('notebooks/08-ppo.ipynb');
    const slider = page.locator('.js-plotly-plot .slider-rail-touch-rect').first();
    await scrollTo(page, slider);
    const figure = page.locator('.js-plotly-plot', { has: page.locator('.slider-rail-touch-rect') }).first();
    await figure.getByText('at ε = 0.2').waitFor();
    const { width } = (await slider.boundingBox())!;
    await slider.click({ position: { x: width - 4, y: 4 } });
    await figure.getByText('at ε = 0.5').waitFor();
    await page.screenshot({ path: join(screenshots, 'slider.png') });

    const menu = page.locator('.js-plotly-plot .updatemenu-header').first();
    await scrollTo(page, menu);
    const box = page
      .locator('.js-plotly-plot', { has: page.locator('.updatemenu-header') })
      .first()
      .locator('.barlayer .point path');
    const before = await box.first().getAttribute('style');
    await menu.click();
    await page.getByText('colour by reward', { exact: true }).click();
    await expect.poll(() => box.first().getAttribute('style')).not.toBe(before);
    await page.screenshot({ path: join(screenshots, 'tokens.png') });
    expect(errors).toEqual([]);
    await page.close();
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
    const { page, errors } = await open(`${scratch}/interrupt.ipynb`);
    await page.locator('.jp-Cell').first().click();
    await page.keyboard.press('Shift+Enter');
    await page.getByText('training', { exact: true }).waitFor();
    await sleep(500);
    await page.locator('[data-command="notebook:interrupt-kernel"]').first().click();
    await page.locator('.jp-OutputArea-output', { hasText: 'Interrupted' }).first().waitFor();
    await kernelStatus(page, 'Idle');
    await page.locator('.jp-Cell').nth(1).click();
    await page.keyboard.press('Shift+Enter');
    await page.getByText('rows kept', { exact: true }).waitFor();
    await page.screenshot({ path: join(screenshots, 'interrupt.png') });
    expect(errors).toEqual([]);
    await page.close();
  });
});
