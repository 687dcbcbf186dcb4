import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tf } from '../../lib/engine/tensorflow';
import { InputError } from '../../lib/errors/inputError';
import { seededRandom } from '../../lib/math/random';
import type { GptConfig } from '../../lib/models/gpt';
import { createGptPolicy } from '../../lib/models/gptPolicy';
import { createMlpCritic, createMlpPolicy } from '../../lib/models/mlp';
import type { ModelKind, Models } from '../../lib/models/modelDescription';
import type { Parameters } from '../../lib/models/parameters';
import { createRewardModel, rewardScores } from '../../lib/models/rewardModel';
import { type NamedTensors, readSafetensors, writeSafetensors } from '../../lib/models/safetensors';
import { loadModel, saveModel } from '../../lib/models/saveModel';
import type { GivenTrunk } from '../../lib/models/scalarHead';
import { createTokenizer } from '../../lib/models/tokenizer';
import { createValueModel, tokenValues } from '../../lib/models/valueModel';
import { pythonPath, typescriptHook } from '../../lib/workspace/environment.mjs';

const tokenizer = createTokenizer(['2+2 is 4', '1+1 is 2'], 'symbols');
const config: GptConfig = {
  vocabularySize: tokenizer.vocabulary.length,
  contextLength: 6,
  layers: 2,
  heads: 2,
  width: 8,
};
const maze = { states: 9, hidden: [5], actions: 4 };
const table = { states: 9, hidden: [] };

let parent: string;
let folder: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'lab-model-'));
  folder = join(parent, 'runs', 'model');
  tf.engine().startScope();
});
afterEach(() => {
  tf.engine().endScope();
  tf.disposeVariables();
  rmSync(parent, { recursive: true, force: true });
});

const configFile = () => join(folder, 'config.json');
const tensorsFile = () => join(folder, 'model.safetensors');
type Fields = Record<string, unknown>;
const readConfig = (): Fields => JSON.parse(readFileSync(configFile(), 'utf8'));
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The bits of all parameters, those of a frozen trunk too, with their names and shapes. */
function bitsOf({ specification, vector, frozen }: Parameters): unknown {
  const shapes = Object.entries(specification).map(([name, { shape }]) => ({ name, shape }));
  const bits = Array.from(new Uint32Array(Float32Array.from(vector.dataSync()).buffer));
  return { shapes, bits, frozen: frozen ? bitsOf(frozen) : null };
}

const random = () => seededRandom(3);
/** A language model's trunk, which stays frozen. */
const trunk = (size = config): GivenTrunk => ({
  parameters: createGptPolicy(size, seededRandom(8)).parameters,
  train: 'head',
});
const policy = (seed = 3) => createGptPolicy(config, seededRandom(seed));

const ids = () => tf.tensor2d([3, 4, 5, 2, 0, 0, 3, 4, 6, 4, 3, 2], [2, 6], 'int32');
const tokenStates = () => ({ ids: ids(), starts: tf.tensor1d([0, 2], 'int32') });
const positions = () => ({ positions: tf.tensor2d([0, 8, 3, 3], [2, 2], 'int32') });
const ends = () => tf.tensor2d([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1], [2, 6]);

function expectRoundTrip<K extends ModelKind>(
  kind: K,
  model: Models[K],
  compute: (model: Models[K]) => tf.Tensor,
): void {
  const before = tf.memory().numTensors;
  saveModel(folder, kind, model);
  expect(tf.memory().numTensors).toBe(before);
  const loaded = loadModel(folder, kind);
  const { config: size, parameters }: { config: Models[K]['config']; parameters: Parameters } = loaded.model;
  expect(tf.memory().numTensors - before).toBe(parameters.frozen ? 2 : 1);
  expect(loaded.tokenizer).toBeUndefined();
  expect(size).toEqual(model.config);
  expect(bitsOf(parameters)).toEqual(bitsOf(model.parameters));
  expect(Array.from(compute(loaded.model).dataSync())).toEqual(Array.from(compute(model).dataSync()));
}

describe('a saved model', () => {
  it.each<[string, () => void]>([
    ['a policy', () => expectRoundTrip('gpt-policy', policy(), (model) => model.logits(tokenStates(), 3))],
    [
      'a policy with a head of its own',
      () => {
        const model = createGptPolicy({ ...config, tiedHead: false }, random());
        expectRoundTrip('gpt-policy', model, ({ logits }) => logits(tokenStates(), 3));
      },
    ],
    [
      'a reward model',
      () => {
        const model = createRewardModel(config, random());
        expectRoundTrip('reward-model', model, (it) => rewardScores(it, ids(), ends()));
      },
    ],
    [
      'a reward model on a frozen trunk',
      () => {
        const model = createRewardModel(config, random(), trunk());
        expectRoundTrip('reward-model', model, (it) => rewardScores(it, ids(), ends()));
      },
    ],
    [
      'a value model',
      () => {
        const model = createValueModel(config, random());
        expectRoundTrip('value-model', model, ({ values }) => values(tokenStates(), 3));
      },
    ],
    [
      'a value model on a frozen trunk',
      () => {
        const model = createValueModel(config, random(), trunk());
        expectRoundTrip('value-model', model, ({ values }) => values(tokenStates(), 3));
      },
    ],
    [
      'a policy for a maze',
      () => {
        const model = createMlpPolicy(maze, random());
        expectRoundTrip('mlp-policy', model, ({ logits }) => logits(positions(), 2));
      },
    ],
    [
      'a critic for a maze',
      () => {
        const model = createMlpCritic(table, random());
        expectRoundTrip('mlp-critic', model, ({ values }) => values(positions(), 2));
      },
    ],
  ])('comes back bit by bit: %s', (_, check) => check());

  it('comes back bit by bit, whatever its size and its numbers', () => {
    const sizes = fc.record({
      vocabularySize: fc.integer({ min: 1, max: 5 }),
      contextLength: fc.integer({ min: 1, max: 5 }),
      layers: fc.integer({ min: 1, max: 2 }),
      heads: fc.integer({ min: 1, max: 3 }),
      headWidth: fc.integer({ min: 1, max: 2 }),
      tiedHead: fc.boolean(),
    });
    const numbers = fc.array(fc.float({ noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(sizes, numbers, fc.boolean(), ({ headWidth, ...others }, values, frozen) => {
        const size = { ...others, width: others.heads * headWidth };
        const fill = ({ vector }: Parameters) =>
          tf.tidy(() => {
            const all = Array.from({ length: vector.size }, (_, i) => values[i % values.length]!);
            vector.assign(tf.tensor1d(all));
          });
        const model = createValueModel(
          size,
          random(),
          frozen ? trunk({ ...size, tiedHead: true }) : undefined,
        );
        fill(model.parameters);
        if (model.parameters.frozen) fill(model.parameters.frozen);
        saveModel(folder, 'value-model', model);
        expect(bitsOf(loadModel(folder, 'value-model').model.parameters)).toEqual(bitsOf(model.parameters));
        tf.disposeVariables();
      }),
      {
        numRuns: 25,
        examples: [
          [
            { vocabularySize: 2, contextLength: 2, layers: 1, heads: 1, headWidth: 2, tiedHead: true },
            [-0, Infinity, -Infinity, 1e-45],
            true,
          ],
        ],
      },
    );
  });

  it('is two files, with nothing left beside them', () => {
    saveModel(folder, 'reward-model', createRewardModel(config, random(), trunk()), tokenizer);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'model.safetensors']);
    const bytes = readFileSync(tensorsFile());
    expect(readConfig()).toEqual({
      kind: 'reward-model',
      config,
      frozenTrunk: true,
      tokenizer: { splitting: 'symbols', vocabulary: tokenizer.vocabulary },
      sha256: sha256Of(bytes),
    });
    expect(Object.keys(readSafetensors(bytes))).toEqual([
      ...Object.keys(trunk().parameters.specification),
      'head.weight',
      'head.bias',
    ]);
  });

  it('has its tokenizer', () => {
    // half of a surrogate pair is no text by itself, but a character that a corpus may be cut at
    for (const each of [tokenizer, createTokenizer(['γ\n"🙂', '\ud83d'], 'characters')]) {
      const size = { ...config, vocabularySize: each.vocabulary.length };
      saveModel(folder, 'gpt-policy', createGptPolicy(size, random()), each);
      const loaded = loadModel(folder, 'gpt-policy').tokenizer!;
      expect(loaded.vocabulary).toEqual(each.vocabulary);
      expect(loaded.splitting).toBe(each.splitting);
    }
    saveModel(folder, 'gpt-policy', policy(), tokenizer);
    expect(loadModel(folder, 'gpt-policy').tokenizer!.encode('2+2 is 4')).toEqual(
      tokenizer.encode('2+2 is 4'),
    );
  });

  it('takes the place of the one before, and is apart from the one in memory', () => {
    saveModel(folder, 'value-model', createValueModel(config, random()), tokenizer);
    const model = policy();
    saveModel(folder, 'gpt-policy', model);
    const expected = bitsOf(model.parameters);
    const loaded = loadModel(folder, 'gpt-policy');
    expect(loaded.tokenizer).toBeUndefined();
    tf.tidy(() => model.parameters.vector.assign(tf.zerosLike(model.parameters.vector)));
    expect(bitsOf(loaded.model.parameters)).toEqual(expected);
    expect(bitsOf(loadModel(folder, 'gpt-policy').model.parameters)).toEqual(expected);
  });

  it('leaves out of a frozen trunk the logits that the model does not read', () => {
    const model = createValueModel(config, random(), trunk({ ...config, tiedHead: false }));
    saveModel(folder, 'value-model', model);
    const loaded = loadModel(folder, 'value-model').model;
    expect(bitsOf(loaded.parameters.frozen!)).not.toEqual(bitsOf(model.parameters.frozen!));
    const computed = [model, loaded].map((it) => Array.from(tokenValues(it, ids()).dataSync()));
    expect(computed[1]).toEqual(computed[0]);
  });

  it('leaves out what else its config had in memory', () => {
    saveModel(folder, 'mlp-critic', createMlpCritic(maze, random()));
    expect(readConfig().config).toEqual({ states: 9, hidden: [5] });
  });
});

describe('what cannot be saved', () => {
  it.each<[string, () => void, string]>([
    [
      'a policy as a reward model',
      () => saveModel(folder, 'reward-model', policy()),
      'the model trains no "head.weight"; expected a reward-model, which does.',
    ],
    [
      'a value model as a policy',
      () => saveModel(folder, 'gpt-policy', createValueModel(config, random()) as never),
      'the model trains "head.weight"; expected a gpt-policy, which has none of that name.',
    ],
    [
      'a policy for a maze as a language model',
      () => saveModel(folder, 'gpt-policy', createMlpPolicy(maze, random()) as never),
      'config.vocabularySize is missing; expected a whole number from 1.',
    ],
    [
      'the tokenizer of another vocabulary',
      () => saveModel(folder, 'gpt-policy', policy(), createTokenizer(['a b'], 'words')),
      "config.vocabularySize is 8; expected the tokenizer's 5 tokens.",
    ],
    [
      'a tokenizer of a maze',
      () => saveModel(folder, 'mlp-policy', createMlpPolicy(maze, random()), tokenizer),
      "config.vocabularySize is missing; expected the tokenizer's 8 tokens.",
    ],
  ])('%s, and writes nothing', (_, save, message) => {
    expect(save).toThrow(new InputError(message));
    expect(existsSync(folder)).toBe(false);
  });

  it('is told where a file is in the way, and leaves nothing behind', () => {
    writeFileSync(join(parent, 'runs'), '');
    const model = policy();
    const before = tf.memory().numTensors;
    const save = () => saveModel(folder, 'gpt-policy', model);
    expect(save).toThrow(InputError);
    expect(save).toThrow(`the model cannot be saved in ${folder}: `);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves the model before as it was', () => {
    saveModel(folder, 'gpt-policy', policy(1), tokenizer);
    expect(() => saveModel(folder, 'gpt-policy', policy(2), createTokenizer(['a'], 'words'))).toThrow();
    expect(bitsOf(loadModel(folder, 'gpt-policy').model.parameters)).toEqual(bitsOf(policy(1).parameters));
  });
});

/** Writes tensors in the place of others, and their digest into the config: what another program would do. */
function replaceTensors(change: (tensors: NamedTensors) => NamedTensors): void {
  const bytes = writeSafetensors(change(readSafetensors(readFileSync(tensorsFile()))));
  writeFileSync(tensorsFile(), bytes);
  setField('sha256', sha256Of(bytes));
}

/** Sets a field of the config, such as "config.heads", or takes it away. */
function setField(path: string, value?: unknown): void {
  const fields = readConfig();
  const names = path.split('.');
  const last = names.pop()!;
  const parent = names.reduce((object, name) => object[name] as Fields, fields);
  parent[last] = value;
  writeFileSync(configFile(), JSON.stringify(fields));
}

/** What loading says of the file at fault, without the folder's path. */
function expectRefused(kind: ModelKind, message: string): void {
  const before = tf.memory().numTensors;
  const load = () => loadModel(folder, kind);
  expect(load).toThrow(InputError);
  expect(load).toThrow(new InputError(join(folder, message)));
  expect(tf.memory().numTensors).toBe(before);
}

describe('what is not loaded', () => {
  it.each<[string, () => void, string]>([
    [
      'no folder',
      () => rmSync(folder, { recursive: true }),
      'config.json: it is missing; expected config.json and model.safetensors in the folder of a model.',
    ],
    [
      'no tensors',
      () => rmSync(tensorsFile()),
      'model.safetensors: it is missing; expected config.json and model.safetensors in the folder of a model.',
    ],
    ['an empty config', () => truncateSync(configFile(), 0), 'config.json: it is no JSON, or cut off.'],
    ['a cut config', () => truncateSync(configFile(), 40), 'config.json: it is no JSON, or cut off.'],
    ['a list', () => writeFileSync(configFile(), '[]'), 'config.json: it holds no JSON object.'],
    [
      'cut tensors',
      () => truncateSync(tensorsFile(), readFileSync(tensorsFile()).length - 3),
      'model.safetensors: it is cut off: its data has 7521 bytes; expected 7524.',
    ],
    [
      'a tensor less',
      () => replaceTensors(({ 'head.bias': _, ...others }) => others),
      'model.safetensors: tensor "head.bias" is missing; config.json expects the shape [1].',
    ],
    [
      'a tensor more',
      () => replaceTensors((tensors) => ({ ...tensors, further: tensors['head.bias']! })),
      'model.safetensors: it has the tensor "further"; config.json expects none of that name.',
    ],
    [
      'a tensor of another shape',
      () =>
        replaceTensors((tensors) => ({
          ...tensors,
          'head.weight': { ...tensors['head.weight']!, shape: [4, 2] },
        })),
      'model.safetensors: tensor "head.weight" has the shape [4,2]; config.json expects the shape [8,1].',
    ],
    [
      'a layer more than the config has',
      () => setField('config.layers', 1),
      'model.safetensors: it has the tensor "block1.attentionNorm.gain"; config.json expects none of that name.',
    ],
  ])('%s', (_, spoil, message) => {
    saveModel(folder, 'value-model', createValueModel(config, random()), tokenizer);
    spoil();
    expectRefused('value-model', message);
  });

  it.each<[ModelKind, string, unknown, string]>([
    ['value-model', 'kind', undefined, 'kind is missing; expected "value-model".'],
    ['value-model', 'kind', 'reward-model', 'kind is "reward-model"; expected "value-model".'],
    ['value-model', 'config', undefined, 'config is missing; expected an object.'],
    ['value-model', 'config.layers', undefined, 'config.layers is missing; expected a whole number from 1.'],
    ['value-model', 'config.layers', 0, 'config.layers is 0; expected a whole number from 1.'],
    ['value-model', 'config.width', '8', 'config.width is "8"; expected a whole number from 1.'],
    ['value-model', 'config.heads', 1.5, 'config.heads is 1.5; expected a whole number from 1.'],
    ['value-model', 'config.heads', 3, 'a width of 8 cannot be shared by 3 heads.'],
    ['value-model', 'config.tiedHead', 1, 'config.tiedHead is 1; expected true or false.'],
    ['value-model', 'frozenTrunk', 'no', 'frozenTrunk is "no"; expected true or false.'],
    ['gpt-policy', 'frozenTrunk', true, 'frozenTrunk is true; expected false in a gpt-policy.'],
    ['value-model', 'sha256', undefined, 'it has no sha256; expected that of model.safetensors.'],
    ['value-model', 'tokenizer', 'symbols', 'tokenizer is "symbols"; expected an object.'],
    ['value-model', 'tokenizer.vocabulary', [4], 'tokenizer.vocabulary is [4]; expected a list of texts.'],
    [
      'value-model',
      'config.vocabularySize',
      9,
      "config.vocabularySize is 9; expected the tokenizer's 8 tokens.",
    ],
    [
      'value-model',
      'tokenizer.splitting',
      'bytes',
      'the splitting is "bytes"; expected one of words, symbols, characters.',
    ],
    [
      'value-model',
      'tokenizer.vocabulary.7',
      '2',
      'the vocabulary has "2" twice: as token 5 and as token 7.',
    ],
    ['mlp-policy', 'config.states', -1, 'config.states is -1; expected a whole number from 1.'],
    ['mlp-policy', 'config.actions', null, 'config.actions is null; expected a whole number from 1.'],
    ['mlp-policy', 'config.hidden', 5, 'config.hidden is 5; expected a list of whole numbers from 1.'],
    [
      'mlp-critic',
      'config.hidden',
      [5, 0],
      'config.hidden is [5,0]; expected a list of whole numbers from 1.',
    ],
  ])('a %s whose %s is %j', (kind, path, value, message) => {
    if (kind === 'value-model') saveModel(folder, kind, createValueModel(config, random()), tokenizer);
    else if (kind === 'gpt-policy') saveModel(folder, kind, policy());
    else if (kind === 'mlp-policy') saveModel(folder, kind, createMlpPolicy(maze, random()));
    else saveModel(folder, 'mlp-critic', createMlpCritic(table, random()));
    setField(path, value);
    expectRefused(kind, `config.json: ${message}`);
  });

  it('a folder in the place of a file', () => {
    mkdirSync(configFile(), { recursive: true });
    expect(() => loadModel(folder, 'gpt-policy')).toThrow(`${configFile()}: it cannot be read: `);
  });

  it('tensors of another save', () => {
    saveModel(folder, 'gpt-policy', policy(1));
    const { sha256 } = readConfig();
    saveModel(folder, 'gpt-policy', policy(2));
    const found = readConfig().sha256;
    setField('sha256', sha256);
    expectRefused(
      'gpt-policy',
      `model.safetensors: its SHA-256 is ${found}; config.json expects ${sha256}: the two are of different saves.`,
    );
  });

  it('anything but a model, whatever byte of the config is another', () => {
    saveModel(folder, 'gpt-policy', policy(), tokenizer);
    const good = readFileSync(configFile());
    const before = tf.memory().numTensors;
    let refused = 0;
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.nat({ max: 127 }), (place, byte) => {
        const changed = Buffer.from(good);
        changed[place] = byte;
        writeFileSync(configFile(), changed);
        try {
          loadModel(folder, 'gpt-policy').model.parameters.vector.dispose();
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
          refused++;
        }
        expect(tf.memory().numTensors).toBe(before);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});

describe('a save that is killed', () => {
  /** Saves the policy of seed 2 in a process that dies by SIGKILL at the given write or renaming, the first being 1. */
  function saveAndDie(at: 'write' | 'rename', count: number): void {
    const script = `
      const fs = require('node:fs');
      const { writeSync, renameSync } = fs;
      const die = () => { writeSync(1, 'died'); process.kill(process.pid, 'SIGKILL'); };
      let [writes, renames] = [0, 0];
      const { ready } = require('./lib/engine/tensorflow');
      const { seededRandom } = require('./lib/math/random');
      const { createGptPolicy } = require('./lib/models/gptPolicy');
      const { saveModel } = require('./lib/models/saveModel');
      ready.then(() => {
        fs.writeSync = (fd, data, ...rest) => {
          if (${at === 'write'} && ++writes === ${count}) {
            writeSync(fd, data.slice(0, data.length / 2));
            die();
          }
          return writeSync(fd, data, ...rest);
        };
        fs.renameSync = (from, to) => {
          if (${at === 'rename'} && ++renames === ${count}) die();
          renameSync(from, to);
        };
        saveModel(${JSON.stringify(folder)}, 'gpt-policy', createGptPolicy(${JSON.stringify(config)}, seededRandom(2)));
        writeSync(1, 'saved');
      });
    `;
    const child = spawnSync(process.execPath, ['--require', typescriptHook, '-e', script], {
      encoding: 'utf8',
    });
    expect([child.signal, child.stdout, child.stderr]).toEqual(['SIGKILL', 'died', '']);
  }

  const loadedBits = () => bitsOf(loadModel(folder, 'gpt-policy').model.parameters);

  it('leaves the model before, while the tensors are written', () => {
    saveModel(folder, 'gpt-policy', policy(1));
    saveAndDie('write', 1);
    expect(loadedBits()).toEqual(bitsOf(policy(1).parameters));
  });

  it('leaves a pair that loading refuses, and that the next save mends, between the two files', () => {
    saveModel(folder, 'gpt-policy', policy(1));
    const { sha256 } = readConfig();
    saveAndDie('rename', 2);
    const found = sha256Of(readFileSync(tensorsFile()));
    expect(found).not.toBe(sha256);
    expectRefused(
      'gpt-policy',
      `model.safetensors: its SHA-256 is ${found}; config.json expects ${sha256}: the two are of different saves.`,
    );
    saveModel(folder, 'gpt-policy', policy(2));
    expect(loadedBits()).toEqual(bitsOf(policy(2).parameters));
  });

  it('leaves no model where there was none', () => {
    saveAndDie('write', 2);
    expectRefused(
      'gpt-policy',
      'config.json: it is missing; expected config.json and model.safetensors in the folder of a model.',
    );
  });
});

it('is read and written by Python, with its safetensors', () => {
  const model = policy();
  saveModel(folder, 'gpt-policy', model, tokenizer);
  const script = `
import hashlib, json
from safetensors.numpy import load_file, save_file
tensors = load_file('model.safetensors')
print(json.dumps({name: x.shape for name, x in tensors.items()}))
save_file({name: 2 * x for name, x in tensors.items()}, 'model.safetensors', {'format': 'np'})
config = json.load(open('config.json'))
config['sha256'] = hashlib.sha256(open('model.safetensors', 'rb').read()).hexdigest()
json.dump(config, open('config.json', 'w'))`;
  const python = process.env.LAB_TEST_PYTHON ?? pythonPath;
  const printed = JSON.parse(execFileSync(python, ['-c', script], { cwd: folder, encoding: 'utf8' }));
  const { specification, vector } = model.parameters;
  const shapes = Object.entries(specification).map(([name, { shape }]) => [name, shape]);
  expect(printed).toEqual(Object.fromEntries(shapes));
  const loaded = loadModel(folder, 'gpt-policy');
  expect(loaded.tokenizer!.vocabulary).toEqual(tokenizer.vocabulary);
  expect(Array.from(loaded.model.parameters.vector.dataSync())).toEqual(
    Array.from(vector.dataSync(), (value) => 2 * value),
  );
});
