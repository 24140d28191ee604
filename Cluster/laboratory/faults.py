# SPDX-License-Identifier: Apache-2.0
"""The verbs that break a lab and mend it."""

import os
import signal

import processes
import switch
from construction import await_worker, lives_of, namespaces_of, start_worker
from output import say
from plan import Failure, Wrong, milliseconds, share
from state import loaded


def partition(options):
    state = loaded(options)
    pairs = state.plan.between(options.a, options.b)
    switch.ask(state.directory, "cut", pairs=pairs + [[b, a] for a, b in pairs])
    say(f"cut, both ways: {options.a} | {options.b}")


def one_way(options):
    state = loaded(options)
    switch.ask(state.directory, "cut", pairs=state.plan.between(options.a, options.b))
    say(f"cut, one way: {options.a} -> {options.b}")


def shape(options):
    state = loaded(options)
    pairs = state.plan.between(options.a, options.b)
    wanted = {
        "rtt_ms": options.rtt and milliseconds("--rtt", options.rtt),
        "jitter_ms": options.jitter and milliseconds("--jitter", options.jitter),
        "loss": options.loss and share("--loss", options.loss),
    }
    if not any(value is not None for value in wanted.values()):
        raise Wrong("shape: none given of --rtt, --jitter and --loss")
    switch.ask(
        state.directory, "shape", pairs=pairs + [[b, a] for a, b in pairs], **wanted
    )
    say(f"changed, both ways: {options.a} | {options.b}")


def heal(options):
    state = loaded(options)
    switch.ask(state.directory, "heal")
    say("every link is as 'up' made it")


def signalled(number, done):
    def run(options):
        state = loaded(options)
        for worker in state.plan.select(options.who):
            lives = lives_of(state, worker)
            if not lives:
                raise Failure(f"{worker.name} does not run; next: Cluster/lab start {worker.name}")
            if number == signal.SIGKILL:
                processes.end(lambda worker=worker: lives_of(state, worker))
            else:
                for descriptor in processes.send(lives, number):
                    os.close(descriptor)
            say(f"{worker.name} is {done}")

    return run


def start(options):
    state = loaded(options)
    plan = state.plan
    for word in options.env:
        if "=" not in word:
            raise Wrong(f"--env: '{word}' given; KEY=VALUE is allowed")
    variables = [word.partition("=")[::2] for word in options.env]
    chosen = plan.select(options.who)
    for worker in chosen:
        if lives_of(state, worker):
            raise Failure(f"{worker.name} runs already")
    namespaces = namespaces_of(state)
    for worker in chosen:
        start_worker(state, plan, worker, namespaces[worker.name], variables)
    for worker in chosen:
        await_worker(state, worker)
        say(f"{worker.name} answers")
