"""`python -m portal.registry.evidence.runtime`: one order on standard input, one answer on standard output."""

import ctypes
import json
import resource
import signal
import sys

from portal.compute.runtime import landlock

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Work out what may be told; whatever goes wrong becomes a code, for a message may repeat a value."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    order = json.load(sys.stdin)
    megabytes = order["memory_mb"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (megabytes, megabytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        from portal.registry.evidence.runtime import telling

        landlock.no_new_privileges()
        landlock.restrict(read=[sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/dev"], write=[])
        answer = telling.tell(order)
    except MemoryError:
        answer = {"broken": "memory"}
    except Exception:
        answer = {"broken": "error"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
