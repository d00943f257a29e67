"""A change put into the running interpreter: the code of one function is exchanged.

Whoever holds the function already, calls the changed one from then on. Processes that
the tests start read the modules from disk and run them unchanged: what only these
could notice counts as unnoticed.
"""

import sys
from types import FunctionType, ModuleType

from tests.mutation.mutants import Mutant


def exchange(mutant: Mutant) -> None:
    """Change the function that this process has imported.

    Raises whatever the changed module raises when it is executed.
    """
    changed = ModuleType(mutant.module)
    changed.__file__ = str(mutant.path)
    exec(compile(mutant.source(), str(mutant.path.resolve()), "exec"), vars(changed))
    target = find_function(sys.modules[mutant.module], mutant)
    source = find_function(changed, mutant)
    target.__code__ = source.__code__
    target.__defaults__ = source.__defaults__
    target.__kwdefaults__ = source.__kwdefaults__


def find_function(module: ModuleType, mutant: Mutant) -> FunctionType:
    """The function of a mutant in this module."""
    holder = vars(module)
    if mutant.owner is not None:
        holder = dict(vars(holder[mutant.owner]))
    found = holder[mutant.function]
    if isinstance(found, (staticmethod, classmethod)):
        found = found.__func__
    if not isinstance(found, FunctionType):
        raise AssertionError(f"{mutant.name} is of no plain function")
    return found
