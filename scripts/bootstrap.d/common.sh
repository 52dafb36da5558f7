# Shared by the parts: messages, the lock, downloads, checksums, stamps.
# shellcheck shell=bash disable=SC2154  # scripts and deps are set by scripts/bootstrap

say() { echo "bootstrap: $*"; }
fail() {
    echo "bootstrap: error: $*" >&2
    exit 1
}

is_wanted() { # PART
    [[ " ${wanted[*]} " == *" $1 "* ]]
}

# One bootstrap at a time in a folder; a lock whose owner is gone is taken over. Unfinished work lies in
# $scratch, and what an earlier run left of it goes.
lock=$deps/.lock
take_lock() {
    local owner told=""
    mkdir -p "$deps/.scratch" "$deps/.stamps" "$deps/.downloads"
    until (set -o noclobber && echo $$ >"$lock") 2>/dev/null; do
        owner=$(cat "$lock" 2>/dev/null || true)
        if [[ -n $owner ]] && kill -0 "$owner" 2>/dev/null; then
            [[ -n $told ]] || say "waiting for another bootstrap (process $owner)"
            told=yes
            sleep 1
        else
            rm -f "$lock"
        fi
    done
    trap stop EXIT
    trap 'say "interrupted; run this again to go on"; exit 130' INT TERM HUP
    rm -rf "$deps/.scratch"/* 2>/dev/null || true
    scratch=$(mktemp -d "$deps/.scratch/XXXXXX")
}

stop() {
    local job
    exec 2>/dev/null
    for job in $(jobs -p); do
        kill -- "-$job" || true
    done
    rm -rf "$deps/.scratch" "$lock" || true
}

# A part is in place when its stamp says what is wanted (and from where, if that was said) and its folder exists.
in_place() { # PART WANTED FOLDER [SOURCE]
    local stamp=$deps/.stamps/$1 wanted source
    [[ -f $stamp && -d $deps/$3 ]] || return 1
    { read -r wanted && read -r source; } <"$stamp" || return 1
    [[ $wanted == "$2" && (-z ${4:-} || $source == "$4") ]]
}

# Swaps a finished folder (or link) into place; the stamp, written last, is what makes it count.
put_in_place() { # PART WANTED FOLDER SOURCE MADE [CHECKSUM]
    local part=$1 wanted=$2 target=$deps/$3 source=$4 made=$5
    [[ $(cat "$lock") == "$$" ]] || return 1
    rm -f "$deps/.stamps/$part"
    mkdir -p "$(dirname "$target")"
    [[ ! -e $target && ! -L $target ]] || mv "$target" "$scratch/$part.old"
    mv "$made" "$target"
    printf '%s\n' "$wanted" "$source" "${6:-}" >"$scratch/$part.stamp"
    mv "$scratch/$part.stamp" "$deps/.stamps/$part"
    rm -rf "$scratch/$part.old" "$deps/.downloads/$part"
}

# Keeps the licences that lie in a folder, for those who hand the library on (`make dist`).
keep_licences() { # PART FOLDER
    local target=$deps/licences/$1 file name
    rm -rf "$target"
    mkdir -p "$target"
    find -L "$2" -type f \( -iname '*licen*' -o -iname '*notice*' -o -iname '*copying*' \) | while read -r file; do
        name=${file#"$2"/}
        cp "$file" "$target/${name//\//-}"
    done
}

# Runs a part's installer in $work. Its standard error is kept, and shown only if it fails.
run_part() { # PART
    local start=$SECONDS
    work=$scratch/$1
    mkdir "$work"
    exec 2>"$scratch/$1.log"
    "install_$1" </dev/null
    if "$1_in_place"; then
        say "$1: ready ($((SECONDS - start)) s)"
    fi
}
