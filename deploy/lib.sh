# What the scripts of this folder share. Source it; it starts nothing.

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# The newest Python from 3.11 on that can make environments.
find_python() {
    local name
    for name in "${PYTHON:-python3.11}" python3.12 python3.13 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and was not found. On Debian 12: apt-get install python3 python3-venv"
}

# make_venv GROUP… : .venv with exactly the hashed requirements of these groups; quick when nothing changed.
make_venv() {
    local python stamp wanted files=() group
    python=$(find_python)
    for group in "$@"; do files+=("deploy/requirements/$group.txt"); done
    wanted=$(cat "${files[@]}" | sha256sum | cut -c1-64)
    stamp=.venv/.formulary-$(printf '%s-' "$@")stamp
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -x .venv/bin/python ]; then return; fi
    if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        rm -rf .venv
        say "  making .venv with $("$python" --version)"
        "$python" -m venv .venv >&2 || fail "The environment .venv could not be made. On Debian 12: apt-get install python3-venv"
    fi
    say "  installing $* (hashed requirements; about a minute the first time)"
    local args=()
    for group in "$@"; do [ "$group" = data ] || args+=(-r "deploy/requirements/$group.txt"); done
    install_hashed "${args[@]}"
    case " $* " in *" data "*) install_hashed --no-deps -r deploy/requirements/data.txt ;; esac
    printf '%s' "$wanted" >"$stamp"
}

# uv where it can be had, because it is ten times faster; else pip. Both check every hash.
install_hashed() {
    if .venv/bin/python -m pip install --quiet --disable-pip-version-check uv >/dev/null 2>&1; then
        env -u PYTHONDONTWRITEBYTECODE .venv/bin/uv pip install --quiet --python .venv/bin/python --compile-bytecode \
            --require-hashes "$@" >&2 && return
        say "  uv could not install; trying pip"
    fi
    env -u PYTHONDONTWRITEBYTECODE .venv/bin/python -m pip install --quiet --disable-pip-version-check \
        --require-hashes "$@" >&2 || fail "The requirements could not be installed; the lines above say why."
}
