# NCCL for several processes on GPUs: a small library that is compiled here, against a libtorch with its CUDA part. Of
# NVIDIA's libraries it takes headers only: those of NCCL and of the CUDA runtime.
# shellcheck shell=bash disable=SC2154  # see common.sh

nccl_headers=(nvidia-nccl-cu13==2.29.7 nvidia-cuda-runtime==13.0.96 nvidia-cuda-crt==13.0.88 nvidia-cuda-cccl==13.0.85)

nccl_sources=$(cd "$scripts/.." && pwd)/Sources/CTorch/nccl

nccl_obtainable() { libtorch_in_place && [[ -e $deps/libtorch/lib/libtorch_cuda.so ]]; }

nccl_in_place() { in_place nccl "$(nccl_wanted)" nccl; }

# Another libtorch, or other sources, make it anew.
nccl_wanted() {
    echo "nccl for $(cat "$deps/.stamps/libtorch" "$nccl_sources"/plugin.* 2>/dev/null | cksum | cut -d ' ' -f 1)"
}

nccl_notice() {
    nccl_in_place || say "notice: NCCL was not built, so that several processes stay on the CPU: $(tail -n 1 "$scratch/nccl.log")"
}

install_nccl() {
    local clang include=$work/headers folder flags=()
    if ! uses_pip; then
        echo "its headers are downloaded with pip" >&2
        return 1
    fi
    for wheel in "${nccl_headers[@]}"; do
        say "nccl: fetching $wheel for its headers"
        download_wheels "$work/wheels" --no-deps "$wheel"
    done
    for wheel in "$work"/wheels/*.whl; do
        verify "$wheel"
        unpack_wheel "$wheel" "$include" 'nvidia/*/include/*'
    done
    clang=$(dirname "$(readlink -f "$(command -v swift)")")/clang++
    for folder in "$nccl_sources/handles" "$include"/nvidia/{nccl,cu13}/include "$include/nvidia/cu13/include/cccl" \
        "$deps"/libtorch/include{,/torch/csrc/api/include}; do
        flags+=(-isystem "$folder")
    done
    mkdir -p "$work/nccl/lib"
    say "nccl: compiling"
    # What it calls is in libtorch's libraries, which the program has loaded before.
    "$clang" -std=c++20 -O1 -shared -fPIC -DNDEBUG "${flags[@]}" "$nccl_sources/plugin.cpp" \
        -o "$work/nccl/lib/libswiftlet_nccl.so" >&2
    put_in_place nccl "$(nccl_wanted)" nccl "${nccl_headers[*]}" "$work/nccl"
}
