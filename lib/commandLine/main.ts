/** `npm run experiment`: each command is loaded when it is asked for, since training loads TensorFlow. */
import { InputError } from '../errors/inputError';
import { type Command, readOptions } from './options';
import { stopSignal } from './stopSignal';
import { usage } from './usage';

/** How long what is still open may hold up the end, in milliseconds. */
const patience = 2000;

/** @returns the exit status */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await obey(readOptions(args));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    console.error(error.message);
    return 2;
  }
}

async function obey(command: Command): Promise<number> {
  switch (command.kind) {
    case 'help': {
      if (command.algorithms.length === 0) console.log(usage);
      else console.log((await import('./settingsHelp')).settingsHelp(command, process.stdout.columns));
      return 0;
    }
    case 'run':
      return (await import('./runCommand')).run(command, { terminal: process.stdout, stop: stopSignal() });
    case 'list':
      console.log((await import('./listCommand')).listText(command.out));
      return 0;
    case 'show':
      console.log((await import('./showCommand')).showText(command));
      return 0;
    case 'compare':
      console.log(await (await import('./compareCommand')).compare(command));
      return 0;
    case 'export':
      console.log((await import('./exportCommand')).exportRuns(command));
      return 0;
    case 'worker':
      return (await import('./workerCommand')).work(command, stopSignal());
  }
}

if (require.main === module) {
  // whoever reads may stop reading: `… list | head`
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
  main(process.argv.slice(2)).then(
    (status) => {
      process.exitCode = status;
      // training processes that were ended are waited for, lest they be taken for alive; nothing else is
      setTimeout(() => process.exit(), patience).unref();
    },
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
}
