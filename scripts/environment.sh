# The environment that the scripts share: a Python, a virtual environment in the checkout, pinned.
# Sourced, with `set -eu` in force; sets `root` and `venv`, and says what it does on stderr.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv

die() {
    printf '%s: %s\n' "${0##*/}" "$1" >&2
    exit 1
}

# What the gateway needs of Python: its version, and the parts that some builds leave out.
is_suitable() {
    "$1" -c '
import ensurepip, sqlite3, ssl, sys, venv
sys.exit(sys.version_info < (3, 12) or sqlite3.sqlite_version_info < (3, 37))
' 2>/dev/null
}

# Prints the path of a suitable Python: from PATH first, then what pyenv has, newest first.
find_python() {
    local candidate
    {
        printf '%s\n' python3.14 python3.13 python3.12 python3
        printf '%s\n' "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python | sort -rV
    } | while IFS= read -r candidate; do
        if is_suitable "$candidate"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return
        fi
    done
}

need_python() {
    local python
    python=$(find_python)
    [ -n "$python" ] || die "Python 3.12 or newer is needed, with ssl, sqlite3 (3.37 or newer) and venv.
None was found on PATH or in pyenv's versions folder. Install one, then run this again:
    pyenv install 3.12                            # github.com/pyenv/pyenv
    apt-get install python3.12 python3.12-venv    # where the distribution has it
    uv python install 3.12                        # and put it on PATH: uv python find 3.12"
    printf '%s\n' "$python"
}

# Runs a command that holds the checkout's environment: two scripts that start at once take turns.
locked() {
    (
        exec 9<"$root"
        flock 9
        "$@"
    )
}

pip_install() {
    "$venv/bin/python" -m pip install -qq --no-input --disable-pip-version-check \
        --no-deps --no-build-isolation "$@" || die "pip could not install what is pinned in $root/scripts;
see its message above. Run the same command again when that is put right."
}

# What the environment was made from; a moved checkout counts, since scripts in it hold its path.
fingerprint() {
    (cd "$root" && pwd && sha256sum pyproject.toml "$@")
}

fits() {
    [ -x "$venv/bin/python" ] && [ "$(fingerprint "${@:2}")" = "$(cat "$1" 2>/dev/null)" ]
}

make_runtime() {
    local stamp=$venv/honeyweir.stamp python
    fits "$stamp" scripts/requirements.lock && return
    if [ -x "$venv/bin/python" ] && [ "$(head -n 1 "$stamp" 2>/dev/null)" = "$root" ]; then
        echo "bringing $venv up to date ..." >&2
    else
        python=$(need_python)
        echo "making $venv with $("$python" --version) (once, about half a minute) ..." >&2
        "$python" -m venv --clear "$venv"
    fi
    rm -f "$stamp"
    pip_install -r "$root/scripts/requirements.lock"
    pip_install -e "$root"
    fingerprint scripts/requirements.lock >"$stamp"
}

make_development() {
    local stamp=$venv/development.stamp
    make_runtime
    fits "$stamp" scripts/requirements-dev.lock && return
    echo "adding what the tests need ..." >&2
    pip_install -r "$root/scripts/requirements-dev.lock"
    fingerprint scripts/requirements-dev.lock >"$stamp"
}

# What `scripts/run` needs. The stamp is written last: an interrupted installation is begun again.
environment() {
    fits "$venv/honeyweir.stamp" scripts/requirements.lock || locked make_runtime
}

# What the tests need on top.
development_environment() {
    environment
    fits "$venv/development.stamp" scripts/requirements-dev.lock || locked make_development
}
