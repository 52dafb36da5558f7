# What must be on the machine, and what to do where something is missing.
# shellcheck shell=bash

minimum_swift=6.1

check_prerequisites() {
    check_swift
    check_cxx
    check_pip
}

check_swift() {
    local found
    command -v swift >/dev/null || fail "swift is not on PATH. Install Swift $minimum_swift or newer: https://www.swift.org/install"
    found=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
    if [[ -z $found ]] || ((${found%%.*} * 100 + ${found##*.} < 100 * ${minimum_swift%%.*} + ${minimum_swift##*.})); then
        fail "Swift ${found:-of unknown version} is too old: $minimum_swift or newer is needed. https://www.swift.org/install"
    fi
}

# Swift's own clang compiles the C++ targets and uses the system's C++ headers.
check_cxx() {
    local clang
    clang=$(dirname "$(command -v swift)")/clang++
    [[ -x $clang ]] || clang=clang++
    if ! echo '#include <vector>' | "$clang" -std=c++20 -x c++ -fsyntax-only - 2>/dev/null; then
        fail "$clang cannot compile C++20. Install the C++ headers: 'apt-get install g++' on Debian and Ubuntu," \
            "'dnf install gcc-c++' on Fedora, 'xcode-select --install' on macOS."
    fi
}

# Python is only needed for what has to be downloaded.
check_pip() {
    python3 -m pip --version >/dev/null 2>&1 || fail "'python3 -m pip' does not run; it downloads libtorch, Arrow and" \
        "the quickstart's model. Install it: 'apt-get install python3-pip' on Debian and Ubuntu, 'dnf install" \
        "python3-pip' on Fedora, 'brew install python' on macOS. It is not used at run time."
}

ways_out() { # FAILED
    cat >&2 <<END
bootstrap: error: not set up:$1. What is done stays; run this again after one of these:
  no network or no package index   set SWIFTLET_WHEELS to a folder with the wheels (for CPython 3.11 and this
                                   platform): torch $torch_version, pyarrow $arrow_version, $model_package
  an index of your own             set pip's PIP_INDEX_URL, PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS
  libtorch is here already         set LIBTORCH to its folder (with include/ and lib/); inside a Python with torch:
                                   python3 -c 'import torch; print(torch.__path__[0])'
  Arrow C++ is here already        set ARROW_HOME to its folder (with include/ and lib/)
  a wrong checksum                 run again to download anew; if it stays, the file served is not the pinned one
END
}
