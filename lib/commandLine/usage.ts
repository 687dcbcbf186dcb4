/** What `npm run experiment -- --help` says. */
export const usage = `npm run experiment -- ALGORITHM… --task TASK [--preset NAME --seed SEEDS --set name=value … --resume]
npm run experiment -- list | show RUN | compare A B… | export [PART…] | worker --redis URL

Trains runs side by side, and keeps in data/results/runs all that they did: a folder for each run.

  ALGORITHM…              one or several of reinforce, grpo, ppo and trpo; with --help, what can be set of each
  --task TASK             what is learnt; \`npm run experiment -- grpo --help\` lists the tasks
  --preset NAME           whose choices are the defaults, such as drGrpo (default: the lab's)
  --seed SEEDS            1..5, or 1,2,7, or 3 (default: 1)
  --set name=value        a setting beyond the preset; may be repeated. Several values make a run of each, and several
                          lists a run of each combination: --set clipRange=0.1,0.2. \`ppo.lambda\` is set for PPO alone
  --config FILE.json      the same as an object in a file: {"task": "room", "algorithm": ["grpo"], "seeds": [1, 2],
                          "set": {"clipRange": [0.1, 0.2]}}; options on the command line come before it
  --resume                goes on with runs that were stopped, and leaves those that are done as they are
  --workers N             processes that train side by side (default: one per core)
  --redis URL             leaves the training to workers on a queue, such as redis://127.0.0.1:6379
  --checkpoint-every N    steps between two checkpoints
  --keep N                newest checkpoints that stay; the best stays besides
  --completions-every N   steps between two steps whose completions are kept; 0 keeps none
  --tensorboard           also writes TensorBoard's event files
  --out DIR               another folder for the results, of every command (default: data/results)

  list                    the runs that there are, and how they stand
  show RUN                all about one run, by its name or a part that no other has
  compare A B…            settings by their score at the end, paired by seed where seeds are shared; a setting is named
                          by a part of <task>__<algorithm>__<id>. Leaves tables and figures in data/results/comparisons
      --metric NAME       accuracy, reward, held_out_accuracy or kl (default: accuracy, or reward where there is none)
  export [PART…]          one CSV, a row for each step of each run; PART chooses runs by a part of their names
      --to FILE.csv       (default: data/results/runs.csv)
  worker --redis URL      trains what is on the queue until it is stopped; --workers N as above

Ctrl-C stops; what was trained stays, and --resume goes on. Exit status: 0, 1 where a run failed, 2 for a mistake on the
command line, 130 when stopped.`;

export const seeHelp = '`npm run experiment -- --help` explains';
