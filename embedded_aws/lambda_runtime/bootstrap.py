"""First code of a function's process: `python -I -S bootstrap.py MEMORY_MB HANDLER PATH...`.

Runs with an interpreter that looked at no PYTHON* variable and no site-packages; the import path
is what AWS gives a function: its package, its layers, the standard library, the runtime (the last
PATH). Belongs to the function's side and imports nothing of this project.
"""

import resource
import sys

memory_mb, handler, *paths = sys.argv[1:]
# The address space is not limited: allocators and thread stacks reserve far more than they use.
resource.setrlimit(resource.RLIMIT_DATA, (int(memory_mb) << 20,) * 2)
sys.path[:] = [*paths[:-1], *sys.path, paths[-1]]
sys.argv[:] = ["bootstrap", handler]

from awslambdaric.__main__ import main  # noqa: E402

main(sys.argv)
