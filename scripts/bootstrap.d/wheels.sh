# Wheels: fetching, checking, unpacking.
# shellcheck shell=bash disable=SC2154  # see common.sh

# Downloads a pinned wheel; leaves its path in $wheel and its checksum in $checksum. A finished download outlives
# an interrupted run. Where SWIFTLET_WHEELS holds the wheel, no index is asked.
fetch_wheel() { # PART REQUIREMENT
    local folder=$deps/.downloads/$1 requirement=$2 options=(--no-deps)
    local name=${requirement%%==*} version=${requirement##*==}
    if [[ $(cat "$folder/requirement" 2>/dev/null) != "$requirement" ]]; then
        say "$1: fetching $requirement"
        rm -rf "$folder"
        if uses_pip; then
            ! compgen -G "${SWIFTLET_WHEELS:-}/${name//-/_}-$version[-+]*.whl" >/dev/null || options+=(--no-index)
            download_wheels "$work/download" "${options[@]}" "$requirement"
        else
            mkdir -p "$work/download"
            download_with_curl "$work/download" "$name" "$version"
        fi
        echo "$requirement" >"$work/download/requirement"
        mv "$work/download" "$folder"
    fi
    wheel=$(ls "$folder"/*.whl)
    verify "$wheel" || {
        rm -rf "$folder"
        return 1
    }
}

# An address in SWIFTLET_WHEELS is for curl; else pip does it where it runs.
uses_pip() { [[ ${SWIFTLET_WHEELS:-} != http*://* ]] && python3 -m pip --version >/dev/null 2>&1; }

# Takes the wheel that checksums.txt names for this machine from SWIFTLET_WHEELS, a folder here or elsewhere, or from PIP_INDEX_URL,
# an index with a page of links for each project.
download_with_curl() { # FOLDER NAME VERSION
    local folder=$1 name=$2 version=$3 file address page
    file=$(pinned_wheel "${name//-/_}-$version")
    if [[ -z $file ]]; then
        echo "scripts/checksums.txt names no wheel of $name $version for $(uname -s) on $(uname -m)" >&2
        return 1
    fi
    if [[ -f ${SWIFTLET_WHEELS:-}/$file ]]; then
        cp "$SWIFTLET_WHEELS/$file" "$folder/"
        return
    elif [[ ${SWIFTLET_WHEELS:-} == http*://* ]]; then
        address=${SWIFTLET_WHEELS%/}/${file//+/%2B}
    else
        page=${PIP_INDEX_URL%/}/$name/
        address=$(get "$page" | grep -o "href=[\"'][^\"'#]*/${file//+/%2B}" | head -n 1 | sed "s/^href=[\"']//" || true)
        case $address in
        "") echo "$page has no $file" >&2 && return 1 ;;
        http*://*) ;;
        /*) address=$(echo "$page" | sed 's|^\(https\{0,1\}://[^/]*\).*|\1|')$address ;;
        *) address=$page$address ;;
        esac
    fi
    get "$address" >"$folder/$file"
}

get() { # ADDRESS
    curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 "$1"
}

# The name, in checksums.txt, of this machine's wheel of a project. libtorch is there with CUDA and without.
pinned_wheel() { # NAME-VERSION
    local platform
    case $(uname -s)-$(uname -m) in
    Linux-x86_64) platform='manylinux.*_x86_64' ;;
    Linux-aarch64 | Linux-arm64) platform='manylinux.*_aarch64' ;;
    Darwin-arm64) platform='macosx.*_arm64' ;;
    *) return 0 ;;
    esac
    awk '{ print $2 }' "$scripts/checksums.txt" | { grep -E "^$1[-+].*($platform|-none-any)\.whl\$" || true; } |
        if [[ ${SWIFTLET_CUDA:-} == yes ]]; then grep -v -F +cpu || true; else cat; fi | LC_ALL=C sort | head -n 1
}

# The wheels are built per Python version but hold the same libraries: one fixed choice suits every Python.
download_wheels() { # FOLDER PIP-ARGUMENT...
    local folder=$1
    shift
    [[ -z ${SWIFTLET_WHEELS:-} ]] || set -- --find-links "$SWIFTLET_WHEELS" "$@"
    mkdir -p "$work/tmp"
    TMPDIR=$work/tmp python3 -m pip download --quiet --disable-pip-version-check --only-binary=:all: \
        --python-version 3.11 --dest "$folder" "$@" >&2
}

# Leaves the file's checksum in $checksum; fails if it is not what scripts/checksums.txt says.
verify() { # FILE
    local name expected
    name=$(basename "$1")
    checksum=$({ sha256sum "$1" 2>/dev/null || shasum -a 256 "$1"; } | cut -d ' ' -f 1)
    expected=$(awk -v name="$name" '$2 == name { print $1 }' "$scripts/checksums.txt")
    if [[ -z $expected ]]; then
        say "notice: $name is not in scripts/checksums.txt, so its content is not checked"
    elif [[ $checksum != "$expected" ]]; then
        echo "checksum mismatch: $name has SHA-256 $checksum, expected $expected" >&2
        return 1
    fi
}

# Unpacks those files of a wheel whose paths fit a pattern and, with '!', leaves some out.
unpack_wheel() { # WHEEL FOLDER PATTERN...
    local wheel=$1 folder=$2 pattern taken=() left=()
    shift 2
    if command -v python3 >/dev/null; then
        "$scripts/unpack-wheel" "$wheel" "$folder" "$@"
        return
    fi
    for pattern in "$@"; do
        case $pattern in
        !*) left+=("${pattern#!}") ;;
        *) taken+=("$pattern") ;;
        esac
    done
    [[ ${#left[@]} == 0 ]] || left=(-x "${left[@]}")
    # Status 11: one of several patterns fits nothing, as .dylib on Linux.
    unzip -q -o "$wheel" "${taken[@]}" ${left[@]+"${left[@]}"} -d "$folder" >&2 || [[ $? == 11 ]]
}
