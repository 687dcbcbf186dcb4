/**
 * The native engine: the C++ source in tfjs-node-gpu's npm package, compiled against the TensorFlow library in
 * PyPI's wheel. The package's own download (TensorFlow 2.9, from outside the registries) is never used.
 */
import fs from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { cacheFolder, pythonPath, root } from '../environment.mjs';
import { findProgram, runCommand } from './command.mjs';
import { obstacleOf, SetupError } from './failure.mjs';
import { contents, digest, isComplete, markComplete, requireSpace, startAfresh } from './folders.mjs';

const tensorflow = '2.21.0';
const packageFolder = join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
const headers = join(root, 'node_modules', 'node-api-headers', 'include');
const quietlySource = join(root, 'lib', 'engine', 'quietly.cc');
const kernelsSource = join(root, 'lib', 'engine', 'kernels', 'kernels.cc');

/** Where the tfjs-node-gpu package looks for its addon. */
const target = join(packageFolder, 'lib', 'napi-v8');
const addons = ['tfjs_binding.node', 'quietly.node', 'kernels.node'];

/** The wheels that hold a C library for this machine; the one for arm64 goes by another name. */
const wheels = {
  x64: { name: 'tensorflow-cpu', platform: 'manylinux_2_27_x86_64' },
  arm64: { name: 'tensorflow', platform: 'manylinux_2_27_aarch64' },
};

const libraryFolder = join(cacheFolder, `tensorflow-${tensorflow}-${process.arch}`);
const addonFolder = () => join(cacheFolder, `addon-${addonKey()}`);
const addonKey = () =>
  digest([
    tensorflow,
    process.arch,
    cacheFolder,
    instructionsOfCpu(),
    process.env.CXX ?? '',
    ...contents([quietlySource, kernelsSource, join(packageFolder, 'package.json')]),
  ]);

/** What the kernels are compiled for: on another machine that shares the cache they are compiled anew. */
function instructionsOfCpu() {
  try {
    return /^(?:flags|Features)\s*:.*/m.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '';
  } catch {
    return '';
  }
}

/** The wheel for this machine; the C library in it is the same for every version of Python. */
function findWheel() {
  const { glibcVersionRuntime } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    process.report.getReport()
  ).header;
  const wheel =
    process.platform === 'linux' && glibcVersionRuntime
      ? wheels[/** @type {'x64'} */ (process.arch)]
      : undefined;
  if (wheel) return wheel;
  const machine = `${process.platform} on ${process.arch}${process.platform === 'linux' && !glibcVersionRuntime ? ' without glibc' : ''}`;
  throw new SetupError(
    `the native engine is built on Linux with glibc on x64 and arm64 only, and this is ${machine}`,
  );
}

function findCompiler() {
  const names = process.env.CXX ? [process.env.CXX] : ['g++', 'c++', 'clang++'];
  const compiler = names.map(findProgram).find((program) => program !== undefined);
  if (compiler) return compiler;
  throw new SetupError(`no C++ compiler was found (${names.join(', ')}; Debian: apt install g++)`);
}

/** Size of all files under a folder, for showing how far a download is. @param {string} folder @returns {number} */
function sizeOf(folder) {
  let size = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      size +=
        fs.statSync(join(entry.parentPath ?? entry.path, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return size;
}

/** Takes the library and the C headers out of the wheel. */
const unpack = `
import glob, os, sys, zipfile
wheel, = glob.glob(os.path.join(sys.argv[1], 'download', '*.whl'))
parts = ('tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2', 'tensorflow/include/tensorflow/c/',
         'tensorflow/include/tensorflow/core/platform/', 'tensorflow/include/tsl/platform/', 'tensorflow/include/xla/tsl/c/')
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(sys.argv[1], [name for name in archive.namelist() if name.startswith(parts)])
`;

async function fetchLibrary() {
  const { name, platform } = findWheel();
  const label = `TensorFlow ${tensorflow}`;
  requireSpace(cacheFolder, 1400, label);
  startAfresh(libraryFolder);
  const download = join(libraryFolder, 'download');
  fs.mkdirSync(download);
  const wheel = [
    '--no-deps',
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
  ];
  await runCommand({
    label,
    command: pythonPath,
    args: [
      '-m',
      'pip',
      'download',
      '--no-input',
      '--no-cache-dir',
      '--retries',
      '2',
      ...wheel,
      '--platform',
      platform,
      '-d',
      download,
      `${name}==${tensorflow}`,
    ],
    cwd: libraryFolder,
    env: { TMPDIR: download },
    details: () => `, ${Math.round(sizeOf(download) / 1e6)} of about 280 MB`,
  });
  await runCommand({ label, command: pythonPath, args: ['-c', unpack, libraryFolder], cwd: libraryFolder });
  fs.rmSync(download, { recursive: true });
  markComplete(libraryFolder, tensorflow);
}

/** For this machine's own CPU; and nothing that takes numbers for finite, such as -ffast-math. */
const kernelFlags = [
  '-O3',
  ...(process.arch === 'x64' ? ['-march=native', '-mprefer-vector-width=512'] : ['-mcpu=native']),
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-Wno-psabi',
];

async function compile() {
  const label = 'native addon';
  const command = findCompiler();
  const folder = addonFolder();
  startAfresh(folder);
  const flags = ['-std=c++17', '-fPIC', '-shared', '-DNAPI_VERSION=8', `-I${headers}`];
  const library = join(libraryFolder, 'tensorflow');
  const source = join(packageFolder, 'binding');
  const sources = [join(source, 'tfjs_backend.cc'), join(source, 'tfjs_binding.cc')];
  const tensorflowFlags = [
    `-I${join(library, 'include')}`,
    `-I${packageFolder}`,
    `-L${library}`,
    '-l:libtensorflow_cc.so.2',
    '-l:libtensorflow_framework.so.2',
    `-Wl,-rpath,${library}`,
  ];
  /** @param {string[]} what @param {string} addon */
  const build = (what, addon) =>
    runCommand({ label, command, args: [...flags, ...what, '-o', join(folder, addon)], cwd: folder });
  await build(['-O2', ...sources, ...tensorflowFlags], 'tfjs_binding.node');
  await build(['-O2', quietlySource], 'quietly.node');
  try {
    await build([...kernelFlags, kernelsSource, ...tensorflowFlags], 'kernels.node');
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`set-up: no fused kernels, training takes about twice as long: ${error.message}\n`);
  }
  markComplete(folder, addonKey());
}

export const nativeEngine = {
  label: 'native engine',
  /** All else runs without it, on wasm. */
  optional: true,
  isDone: () => isComplete(target, addonKey()) && isComplete(libraryFolder, tensorflow),
  obstacle: () => obstacleOf(findWheel) ?? obstacleOf(findCompiler),
  async make() {
    findWheel();
    if (!isComplete(libraryFolder, tensorflow)) await fetchLibrary();
    if (!isComplete(addonFolder(), addonKey())) await compile();
    startAfresh(target);
    for (const addon of fs.readdirSync(addonFolder()).filter((name) => addons.includes(name)))
      fs.copyFileSync(join(addonFolder(), addon), join(target, addon));
    markComplete(target, addonKey());
  },
};
