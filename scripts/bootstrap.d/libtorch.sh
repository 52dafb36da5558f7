# libtorch, from the torch wheel or from LIBTORCH.
# shellcheck shell=bash disable=SC2154  # see common.sh

torch_version=2.13.0

libtorch_in_place() {
    in_place libtorch "torch $torch_version" libtorch "${LIBTORCH:-}" && [[ -d $deps/licences/libtorch ]] || return 1
    [[ ${SWIFTLET_CUDA:-} != yes || -e $deps/libtorch/lib/libtorch_cuda.so ]]
}

install_libtorch() {
    if [[ -n ${LIBTORCH:-} ]]; then
        check_libtorch "$LIBTORCH"
        ln -s "$(cd "$LIBTORCH" && pwd)" "$work/torch"
        keep_licences libtorch "$LIBTORCH"
        put_in_place libtorch "torch $torch_version" libtorch "$LIBTORCH" "$work/torch"
        return
    fi
    fetch_wheel libtorch "torch==$torch_version"
    say "libtorch: unpacking $(basename "$wheel")"
    unpack_wheel "$wheel" "$work" 'torch/include/*' 'torch/lib/*.so*' 'torch/lib/*.dylib' \
        torch/version.py '*.dist-info/METADATA' '*.dist-info/licenses/*' '!*_python.*' '!*_test.*' '!*aoti_custom_ops*' '!*backend_with_compiler*'
    check_libtorch "$work/torch"
    if [[ -e $work/torch/lib/libtorch_cuda.so ]]; then
        add_cuda
    elif [[ ${SWIFTLET_CUDA:-} == yes ]]; then
        echo "SWIFTLET_CUDA=yes, but pip found the CPU build $(basename "$wheel")" >&2
        return 1
    fi
    keep_licences libtorch "$work"/torch-*.dist-info/licenses
    put_in_place libtorch "torch $torch_version" libtorch "$(basename "$wheel")" "$work/torch" "$checksum"
}

# The CUDA build finds NVIDIA's libraries in ../../nvidia, seen from its own; they are wheels as well. Without a GPU
# it is cut down to its CPU part, which still wants two small ones. (libtorch.so only ties the parts together.)
add_cuda() {
    local requirements=() line library
    while read -r line; do
        case $line in
        cuda-toolkit* | nvidia-*) requirements+=("$line") ;;
        esac
    done < <(sed -n 's/^Requires-Dist: \([^; ]*\).*/\1/p' "$work"/torch-*.dist-info/METADATA)
    if ! uses_pip; then
        echo "libtorch with CUDA needs NVIDIA's libraries, which are downloaded with pip" >&2
        return 1
    fi
    if wants_cuda; then
        say "libtorch: fetching NVIDIA's libraries (about 2 GB)"
    else
        say "libtorch: keeping the CPU part of the CUDA build (SWIFTLET_CUDA=yes keeps all)"
        rm -f "$work"/torch/lib/lib{torch,*cuda*,*nvshmem*,*nvrtc*}.so
        line=${requirements[0]}
        requirements=("cuda-toolkit[cudart,cupti]==${line##*==}")
    fi
    download_wheels "$work/nvidia-wheels" "${requirements[@]}"
    for library in "$work"/nvidia-wheels/nvidia_*.whl; do
        verify "$library"
        unpack_wheel "$library" "$work" 'nvidia/*/lib/*.so*'
    done
    rm -rf "$deps/nvidia"
    mv "$work/nvidia" "$deps/nvidia"
}

wants_cuda() {
    case ${SWIFTLET_CUDA:-} in
    yes) return 0 ;;
    no) return 1 ;;
    *) nvidia-smi >/dev/null 2>&1 ;;
    esac
}

check_libtorch() { # FOLDER
    local header found=""
    for header in "$1"/include/torch/headeronly/version.h "$1"/include/torch/version.h \
        "$1"/include/torch/csrc/api/include/torch/version.h; do
        [[ ! -f $header ]] || found=$(header_version "$header")
        [[ -z $found ]] || break
    done
    if [[ -z $found ]] || ! compgen -G "$1/lib/libtorch_cpu.*" >/dev/null; then
        echo "$1 is not a libtorch: it needs include/torch/ and lib/libtorch_cpu" >&2
        return 1
    elif [[ $found != "${torch_version%.*}".* ]]; then
        echo "$1 is libtorch $found; Swiftlet is built and tested with ${torch_version%.*} and takes no other" >&2
        return 1
    fi
}

header_version() { # FILE
    awk '$1 == "#define" && $2 ~ /^TORCH_VERSION_(MAJOR|MINOR|PATCH)$/ { version = version dot $3; dot = "." }
        END { print version }' "$1"
}
