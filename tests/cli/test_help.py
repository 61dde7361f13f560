"""The help of the program and of its verbs, whole."""

import os
import re
import subprocess
import sys

import pytest

PROGRAM = """\
Usage: headstart [OPTIONS] COMMAND [ARGS]...

  Transfer learning that can be trusted: a folder of labelled pictures becomes
  a model.

Options:
  --version   Print the version and stop.
  -h, --help  Show this message and exit.

Commands:
  fit        Fit a model to labelled pictures, score it, save it.
  evaluate   Score a saved model on labelled pictures.
  predict    Say what is on pictures, with probabilities.
  embed      Turn pictures into feature vectors, one row each.
  explain    Say why a model answers as it does: heat maps, nearest...
  export     Write a model as one file that answers the same, and prove it.
  benchmark  Measure the forms of a model: size, speed, memory.
  pretrain   Train a network on your own source task, to transfer from it...
  check      Look for near copies, likely label errors, outliers and poor...
  compare    Measure how much the pretrained network helps.
  rank       Say which encoder suits labelled pictures.
  distance   Say how far apart two sets of pictures lie for an encoder.
  report     Make report.html of a run: one page with everything it found.
  serve      Answer over HTTP and in a browser, on this machine.
  encoders   List pretrained networks, or bring one here.
  doctor     Say what is installed, what is here, what is wrong.
  demo       Fit a model to real photographs of fruit.

  Start with: headstart demo. Then: headstart fit FOLDER, where FOLDER has one
  folder of pictures per class.
"""

FIT = """\
Usage: headstart fit [OPTIONS] {DATA}

  Fit a model to labelled pictures, score it, save it.

  Example: headstart fit flowers/ --out runs/flowers

  flowers/ holds one folder of pictures per class, or train/ and test/ with
  such folders inside.

Arguments:
  DATA <str>  Folder with one folder per class, or a CSV, TSV, JSONL or
              Parquet table.  [required]

Options:
  --encoder <str>                 Pretrained network: see 'headstart
                                  encoders'.  [default: efficientnet_lite0]
  --method <str>                  How far the weights move: probe, lpft, full,
                                  last:N, gradual, norm, lora or scratch.
                                  [default: probe]
  --preset <str>                  fast: the probe; balanced: the last stage;
                                  best: everything. A rule chooses the rest.
  --time-limit <str>              For the whole run: 90s, 10m, 1h; as many
                                  epochs as fit into it.
  --head <str>                    auto, logistic, ridge, lda, knn, centroid or
                                  mlp.  [default: auto]
  --activation <str>              Of the mlp: relu, sigmoid or tanh.
                                  [default: relu]
  --hidden <int>                  Width of the mlp's hidden layer.  [default:
                                  128]
  --balance                       Weigh every class alike while fitting.
  --test-fraction <float>         Held out for scoring when the data has no
                                  part for it.  [default: 0.2]
  --inner-folds <int>             Of the cross-validation that chooses the
                                  head, inside the part to fit.  [default: 5]
  --folds <int>                   Score every picture, in so many folds,
                                  instead of holding a part out.
  --repeats <int>                 Of the folds, each time drawn anew.
                                  [default: 1]
  --group-by <str>                Column whose values (patient, video, site)
                                  stay on one side of a split.
  --group-pattern <str>           The same, read from the path by a regular
                                  expression.
  --keep-duplicates-together / --no-keep-duplicates-together
                                  Near copies stay on one side of a split,
                                  too.  [default: keep-duplicates-together]
  --resamples <int>               Of the bootstrap behind the intervals.
                                  [default: 1000]
  --coverage <float>              How often the set of classes shall hold the
                                  true one.  [default: 0.9]
  --sets <str>                    How sets of classes are made: lac, aps or
                                  raps.  [default: lac]
  --abstain <float>               Give only answers of which this share is
                                  right, as far as can be promised.  [default:
                                  all]
  --novelty <str>                 How pictures unlike the training pictures
                                  are found: neighbours, energy, mahalanobis
                                  or none.  [default: neighbours]
  --false-alarms <float>          Share of known pictures that may be taken
                                  for unlike ones.  [default: 0.05]
  --reject-unlike                 Give no answer for pictures unlike the
                                  training pictures.
  --strict                        Refuse data with unreadable pictures instead
                                  of leaving them out.
  --seed <int>                    Reaches every split, draw and loop.
                                  [default: 0]
  --device <str>                  auto, cpu or cuda.  [default: auto]
  --precision <str>               fp32, or int8: the network is quantised
                                  before the head is fitted.  [default: fp32]
  --recipe <path>                 TOML file with these settings; a flag beats
                                  the file.
  --out <path>                    Run folder, used as given.  [default: a new
                                  runs/NAME-N]
  --lang <en|zh>                  Language of report.html: en or zh.
                                  [default: en]
  --resume                        Go on with an interrupted run: --out, or the
                                  newest of this data.
  --epochs <int>                  Passes over the pictures.  [default: by
                                  rule]
  --batch-size <int>              Pictures at a time, in each process.
                                  [default: by rule]
  --optimizer <str>               adamw, adam or sgd.  [default: adamw]
  --lr <float>                    Largest learning rate.  [default: by rule]
  --find-rate                     Look for the learning rate first; draws the
                                  curve.
  --weight-decay <float>          Never on biases and norms.  [default: 0.01]
  --layer-decay <float>           How much slower each stage nearer to the
                                  input.  [default: by rule]
  --schedule <str>                cosine, step, one-cycle or constant.
                                  [default: cosine]
  --warmup <float>                Share of the steps in which the rate rises.
                                  [default: 0.1]
  --label-smoothing <float>       [default: 0.1]
  --mixup <float>                 Of the Beta distribution.  [default: 0]
  --cutmix <float>                Of the Beta distribution.  [default: 0]
  --augment <str>                 auto, none, crop or trivial.  [default:
                                  auto]
  --no-augment                    The same as --augment none.
  --flip <str>                    auto, none or horizontal.  [default: auto]
  --views <int>                   Versions of each picture, used in turn; 0:
                                  new ones.  [default: by rule]
  --prefix-cache / --no-prefix-cache
                                  Compute frozen stages once.  [default:
                                  prefix-cache]
  --clip <float>                  Largest norm of the gradient; 0: any.
                                  [default: 1]
  --accumulate <int>              Batches to a step.  [default: 1]
  --ema <float>                   Decay of the moving average of the weights;
                                  0: none.  [default: 0]
  --wise <str>                    Share of the way from the probe to the new
                                  weights, or auto: chosen on the validation
                                  part.
  --l2sp <float>                  Strength of the pull to the pretrained
                                  weights.  [default: 0]
  --patience <int>                Epochs without improvement before it stops;
                                  0: never.  [default: 0]
  --validation-fraction <float>   Of the part to fit, held out for choosing
                                  while weights move.  [default: 0.2]
  --batch-norm <str>              Statistics: auto, frozen or trained.
                                  [default: auto]
  --rank <int>                    Of the matrices of --method lora.  [default:
                                  8]
  --checkpoint-seconds <float>    How much an interruption may cost.
                                  [default: 20]
  --tensorboard                   Write files for TensorBoard into the run
                                  folder.
  --profile                       Profile some steps: a trace, and the dearest
                                  operations.
  --dry-run                       Say what was understood and what it will
                                  cost; stop.
  --cache <path>                  Folder for weights and features (default:
                                  HEADSTART_CACHE or the user's cache folder).
  --no-cache                      Keep no features; encoders are still kept.
  --json                          Print one JSON object on standard output and
                                  nothing else there.
  --debug                         Show the traceback of an error.
  -h, --help                      Show this message and exit.
"""


def on_a_terminal_of_80_columns(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "headstart", *arguments],
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(("arguments", "text"), [(["--help"], PROGRAM), (["fit", "--help"], FIT)])
def test_help_goes_to_standard_output(arguments, text):
    answer = on_a_terminal_of_80_columns(*arguments)
    assert (answer.stdout, answer.stderr, answer.returncode) == (text, "", 0)


def test_without_a_verb_the_help_is_shown_as_a_usage_error():
    answer = on_a_terminal_of_80_columns()
    assert (answer.stdout, answer.stderr, answer.returncode) == ("", PROGRAM, 2)


@pytest.mark.parametrize("verb", re.findall(r"^  (\w+)  +[A-Z]", PROGRAM.partition("Commands:")[2], re.MULTILINE))
def test_every_verb_has_a_worked_example(verb, headstart):
    answer = headstart(verb, "-h")
    assert answer.exit_code == 0
    assert f"  Example: headstart {verb}" in answer.stdout


def test_the_version(headstart):
    assert re.fullmatch(r"headstart \d+\.\d+\.\d+\n", headstart("--version").stdout)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fitt", "x"], "Error: No such command 'fitt'. Did you mean 'fit'?"),
        (["fit", "x", "--encodr", "y"], "Error: No such option: --encodr (Possible options: --encoder, --method)"),
        (["fit"], "Error: Missing argument 'DATA'."),
        (["fit", "x", "--seed", "one"], "Error: Invalid value for '--seed': "),
        (["encoders", "got"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["encoders", "get"], "Error: Invalid value: Use 'headstart encoders', or 'headstart encoders get NAME'."),
        (["predict", "m", "p", "--format", "cvs"], "Error: Invalid value for '--format': "),
    ],
)
def test_wrong_usage_ends_with_two_and_names_what_is_meant(arguments, message, headstart):
    answer = headstart(*arguments)
    assert answer.exit_code == 2
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1].startswith(message)
