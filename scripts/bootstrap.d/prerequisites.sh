# What must be on the machine, and what to do where something is missing.
# shellcheck shell=bash disable=SC2154  # versions are set beside their parts

minimum_swift=6.2

check_prerequisites() { # MISSING-PART...
    local part
    check_swift
    check_cxx
    for part in "$@"; do
        case $part in
        libtorch) [[ -n ${LIBTORCH:-} ]] || check_download ;;
        arrow) [[ -n ${ARROW_HOME:-} ]] || check_download ;;
        model) check_download ;;
        esac
    done
}

check_swift() {
    local found
    command -v swift >/dev/null || fail "swift is not on PATH; install Swift $minimum_swift or newer from swift.org"
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    if [[ -z $found ]] || ! at_least "$found" "$minimum_swift"; then
        fail "Swift $minimum_swift or newer is needed, this is ${found:-of unknown version}; get it from swift.org"
    fi
}

at_least() { # MAJOR.MINOR MAJOR.MINOR
    ((${1%%.*} > ${2%%.*} || (${1%%.*} == ${2%%.*} && ${1##*.} >= ${2##*.})))
}

# Swift's own clang compiles the C++ targets, with the system's C++ library.
check_cxx() {
    local clang
    clang=$(dirname "$(command -v swift)")/clang++
    [[ -x $clang ]] || clang=clang++
    if ! echo '#include <vector>' | "$clang" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null; then
        fail "$clang does not compile C++20; install the C++ library's headers: 'apt-get install g++' on Debian" \
            "and Ubuntu, 'dnf install gcc-c++' on Fedora, 'xcode-select --install' on macOS"
    fi
}

check_download() {
    ! uses_pip || return 0
    if [[ ! -d ${SWIFTLET_WHEELS:-} && ${SWIFTLET_WHEELS:-}${PIP_INDEX_URL:-} != http*://* ]]; then
        fail "'python3 -m pip' does not run; it is needed to download (not at run time): 'apt-get install" \
            "python3-pip' on Debian and Ubuntu, 'dnf install python3-pip' on Fedora, 'brew install python' on macOS." \
            "Or set SWIFTLET_WHEELS to an address with the wheels, or PIP_INDEX_URL to an index, and curl fetches them"
    fi
    [[ -d ${SWIFTLET_WHEELS:-} ]] || command -v curl >/dev/null || fail "neither pip nor curl is here to download with; install one"
    command -v python3 >/dev/null || command -v unzip >/dev/null ||
        fail "neither python3 nor unzip is here to unpack wheels with; install one"
}

ways_out() { # FAILED
    cat >&2 <<END
bootstrap: error: not set up:$1. What is done stays. Ways out, then run this again:
  no network, no index      set SWIFTLET_WHEELS to a folder with the wheels for this platform and CPython 3.11:
                            torch $torch_version, pyarrow $arrow_version, $model_package
  an index of your own      set pip's PIP_INDEX_URL, PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS
  libtorch is here already  set LIBTORCH to its folder (with include/ and lib/); that of a Python with torch is
                            python3 -c 'import torch; print(torch.__path__[0])'. Unset, it is downloaded
  Arrow is here already     set ARROW_HOME to its folder (with include/ and lib/). Unset, it is downloaded
  a wrong checksum          run this again; if it stays wrong, what is served is not the pinned file
END
}
