#!/usr/bin/env bash
# Builds one program for each format, as OSS-Fuzz wants them: each is a program of its own, not a script, and finds its
# format in its name. Run in the package's folder; $OUT is where the programs go, $SANITIZER is address or none.
set -eu
# The image's compilers are not those of the Swift toolchain, nor are its flags for them.
unset CC CXX CFLAGS CXXFLAGS
scripts/bootstrap libtorch arrow gloo
Tools/fuzz/fuzz --only-build --sanitizer "${SANITIZER:-address}"
program=.build-fuzz/release/swiftlet-fuzz
mkdir -p "$OUT/lib" "$OUT/fixtures"
cp -a Tests/Fixtures/. "$OUT/fixtures/"
# shellcheck disable=SC2016  # $ORIGIN is for the loader
# All libraries but the C library's own, which has to be that of the machine.
ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $3 }' \
  | grep -Ev '/(libc|libm|libdl|libpthread|librt|libresolv|ld-linux[^/]*)\.so' | while read -r library; do
  cp -L "$library" "$OUT/lib/"
  patchelf --set-rpath '$ORIGIN' "$OUT/lib/$(basename "$library")"
done
for format in $("$program" --formats); do
  cp "$program" "$OUT/fuzz_$format"
  # shellcheck disable=SC2016  # likewise
  patchelf --set-rpath '$ORIGIN/lib' "$OUT/fuzz_$format"
  seeds=$(mktemp -d)
  "$program" "$format" --seeds "$seeds"
  [ ! -d "Tests/Fixtures/fuzz/$format" ] || cp "Tests/Fixtures/fuzz/$format/"* "$seeds/"
  (cd "$seeds" && zip -q -r - .) >"$OUT/fuzz_${format}_seed_corpus.zip"
  rm -rf "$seeds"
  cat >"$OUT/fuzz_$format.options" <<END
[libfuzzer]
max_len = 65536
timeout = 2

[asan]
detect_leaks = 0
detect_container_overflow = 0
allocator_may_return_null = 1

[env]
ARROW_DEFAULT_MEMORY_POOL = system
SWIFT_BACKTRACE = enable=no
END
done
